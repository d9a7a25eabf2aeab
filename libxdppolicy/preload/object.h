/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_OBJECT_H
#define XDP_POLICY_OBJECT_H

/*
 * The BPF objects that this process has open: where they came from, and the BTF that libxdp is
 * shown instead of their own. Call everything here with the lock of state.h held, but for
 * object__close(): an application may close an object at any time, also while a plug-in is asked
 * about another thread's. An entry is its owner's, as the object is.
 */

#include "chain/runcfg.h"
#include "hooks.h"

struct object {
	const struct bpf_object *key;
	char *path;	       /* of the file, from the root; NULL if it was not opened from one */
	char *absolute;	       /* the same without links, once somebody has asked for it */
	const struct btf *btf; /* the object's own, which shown was made from */
	struct btf *shown;     /* NULL: its own will do */
	struct object *next;
	unsigned int users;	  /* who walks along the list is at this one */
	struct bpf_object *close; /* the same as key, if the last of them shall close it */
};

/* The entry of an object, made if need be; NULL without memory. */
struct object *object__get(const struct bpf_object *obj);
struct object *object__find(const struct bpf_object *obj);

/* Whether there is any entry; needs no lock for an object that is the caller's own. */
bool object__any(void);

/* The open object that prog belongs to, or NULL. libbpf has no call for it. */
struct object *object__of(const struct bpf_program *prog);

/*
 * What to remember of the file that an object is opened from: whoever asks for it later may do so
 * from another directory. NULL if it cannot be told.
 */
char *object__keep_path(const char *path);

/* Remembers where an object came from; path becomes the object's. Without memory it is lost. */
void object__set_path(const struct bpf_object *obj, char *path);

/* What object__keep_path() has returned cannot be remembered. Needs no lock. */
void object__lose_path(char *path);

/* That file; NULL if it is unknown. */
const char *object__path(const struct bpf_object *obj);

/* Calls fn for every object that is known; it is not closed before fn returns. */
void object__for_each(void (*fn)(const struct bpf_object *obj, void *ctx), void *ctx);

/*
 * The object is about to be closed: it is known no longer. False if somebody is looking at it, who
 * closes it then. Never waits for the lock of state.h.
 */
bool object__close(struct bpf_object *obj);

/* libxdp's own objects, which no rule is meant for. */
bool object__is_dispatcher(const struct bpf_object *obj);

/* What libxdp was told of a program when it opened it. Returns 0, or -ENOENT for nothing. */
int object__told(const struct bpf_object *obj, const char *program, struct runcfg *ret);

/* Fills in what is known of one program of an open object. With the policy entered. */
void object__describe(const struct bpf_object *obj, const struct bpf_program *prog,
		      struct policy_subject *subject);

/*
 * The same of a loaded program by its id, if its object is open here; else these facts are
 * withheld: whoever has loaded it knows them. Valid until the next call.
 */
void object__describe_loaded(uint32_t id, struct policy_subject *subject);

/* Source btf: what the author compiled in. After object__describe(). */
void object__describe_author(const struct bpf_object *obj, struct policy_subject *subject);

#endif
