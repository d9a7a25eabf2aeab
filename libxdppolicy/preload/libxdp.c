// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hooks in front of a shared libxdp. At the outermost attach the interface and the application's
 * own wishes are known: the final values go in by libxdp's own setters.
 */
#include <dlfcn.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define HASH_NONFATAL_OOM	     1
#define uthash_nonfatal_oom(element) ((element)->failed = true)
#include <uthash.h>

#include "object.h"
#include "report.h"
#include "state.h"

__thread unsigned int libxdp_depth;

/* What else of libxdp is called from here, found in the libxdp that the process has. */
static struct {
	__typeof__(&xdp_program__name) name;
	__typeof__(&xdp_program__tag) tag;
	__typeof__(&xdp_program__fd) fd;
	__typeof__(&xdp_program__bpf_obj) bpf_obj;
	__typeof__(&xdp_program__run_prio) run_prio;
	__typeof__(&xdp_program__chain_call_enabled) chain_call_enabled;
	bool complete;
} libxdp;

/* The attributes that libxdp has setters for. */
static const enum policy_attr set_attrs[] = { ATTR_PRIORITY, ATTR_ACTIONS };
#define N_SET_ATTRS (sizeof(set_attrs) / sizeof(set_attrs[0]))

/* What an application set on a program by itself, and what we set after that. */
struct wishes {
	const struct xdp_program *key;
	bool has_priority;
	unsigned int priority;
	unsigned int actions_set, actions; /* bit n is XDP action n */
	bool enforced;
	struct policy_value enforced_value[N_ATTRS];
	bool failed;
	UT_hash_handle hh;
};

static struct wishes *all_wishes;

/* With the lock held. */
static bool bind_libxdp(void)
{
	void *handle;

	if (libxdp.complete)
		return true;
	/* kept for ever: the pointers must stay valid */
	handle = dlopen("libxdp.so.1", RTLD_LAZY | RTLD_NOLOAD);
	if (!handle) {
		dlerror();
		return false;
	}
	libxdp.name = dlsym(handle, "xdp_program__name");
	libxdp.tag = dlsym(handle, "xdp_program__tag");
	libxdp.fd = dlsym(handle, "xdp_program__fd");
	libxdp.bpf_obj = dlsym(handle, "xdp_program__bpf_obj");
	libxdp.run_prio = dlsym(handle, "xdp_program__run_prio");
	libxdp.chain_call_enabled = dlsym(handle, "xdp_program__chain_call_enabled");
	libxdp.complete = libxdp.name && libxdp.tag && libxdp.fd && libxdp.bpf_obj &&
			  libxdp.run_prio && libxdp.chain_call_enabled;
	return libxdp.complete;
}

static struct wishes *find_wishes(const struct xdp_program *prog)
{
	struct wishes *w;

	HASH_FIND_PTR(all_wishes, &prog, w);
	return w;
}

static struct wishes *get_wishes(const struct xdp_program *prog)
{
	struct wishes *w = find_wishes(prog);

	if (w)
		return w;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->key = prog;
	HASH_ADD_PTR(all_wishes, key, w);
	if (w->failed) {
		free(w);
		return NULL;
	}
	return w;
}

int hook_xdp_program__set_run_prio(struct xdp_program *prog, unsigned int prio)
{
	int err = REAL(xdp_program__set_run_prio)(prog, prio);
	int saved_errno = errno;
	struct wishes *w;

	if (!err && !libxdp_depth) {
		state__lock();
		w = get_wishes(prog);
		if (w) {
			w->has_priority = true;
			w->priority = prio;
		}
		state__unlock();
	}
	errno = saved_errno;
	return err;
}

int hook_xdp_program__set_chain_call_enabled(struct xdp_program *prog, unsigned int action,
					     bool enabled)
{
	int err = REAL(xdp_program__set_chain_call_enabled)(prog, action, enabled);
	int saved_errno = errno;
	struct wishes *w;

	if (!err && !libxdp_depth && action < POLICY_N_ACTIONS) {
		state__lock();
		w = get_wishes(prog);
		if (w) {
			w->actions_set |= 1U << action;
			w->actions &= ~(1U << action);
			w->actions |= (enabled ? 1U : 0) << action;
		}
		state__unlock();
	}
	errno = saved_errno;
	return err;
}

void hook_xdp_program__close(struct xdp_program *prog)
{
	int saved_errno = errno;
	struct wishes *w;

	state__lock();
	w = find_wishes(prog);
	if (w) {
		HASH_DEL(all_wishes, w);
		free(w);
	}
	state__unlock();
	errno = saved_errno;
	libxdp_depth++;
	REAL(xdp_program__close)(prog);
	libxdp_depth--;
}

struct xdp_program *hook_xdp_program__clone(struct xdp_program *prog, unsigned int flags)
{
	struct xdp_program *clone;
	struct wishes *from, *to;
	int saved_errno;

	libxdp_depth++;
	clone = REAL(xdp_program__clone)(prog, flags);
	libxdp_depth--;
	saved_errno = errno;
	if (!libbpf_get_error(clone) && !libxdp_depth) {
		state__lock();
		from = find_wishes(prog);
		to = from ? get_wishes(clone) : NULL;
		if (to) {
			to->has_priority = from->has_priority;
			to->priority = from->priority;
			to->actions_set = from->actions_set;
			to->actions = from->actions;
		}
		state__unlock();
	}
	errno = saved_errno;
	return clone;
}

/* libxdp sets values on a program that it makes; those are nobody's wish. */
#define PASS_DEEPER(ret, name, params, args) \
	ret hook_##name params               \
	{                                    \
		ret result;                  \
                                             \
		libxdp_depth++;              \
		result = REAL(name) args;    \
		libxdp_depth--;              \
		return result;               \
	}

PASS_DEEPER(struct xdp_program *, xdp_program__from_bpf_obj,
	    (struct bpf_object * obj, const char *section), (obj, section))
PASS_DEEPER(struct xdp_program *, xdp_program__find_file,
	    (const char *file, const char *section, struct bpf_object_open_opts *opts),
	    (file, section, opts))
PASS_DEEPER(struct xdp_program *, xdp_program__open_file,
	    (const char *file, const char *section, struct bpf_object_open_opts *opts),
	    (file, section, opts))
PASS_DEEPER(struct xdp_program *, xdp_program__create, (struct xdp_program_opts * opts), (opts))
PASS_DEEPER(struct xdp_program *, xdp_program__from_fd, (int fd), (fd))
PASS_DEEPER(struct xdp_program *, xdp_program__from_id, (__u32 id), (id))
PASS_DEEPER(struct xdp_program *, xdp_program__from_pin, (const char *path), (path))
PASS_DEEPER(struct xdp_multiprog *, xdp_multiprog__get_from_ifindex, (int ifindex), (ifindex))

static struct policy_value current(const struct xdp_program *prog, enum policy_attr attr)
{
	struct policy_value value = { 0 };

	if (attr == ATTR_PRIORITY) {
		value.num = libxdp.run_prio(prog);
		return value;
	}
	for (int action = 0; action < POLICY_N_ACTIONS; action++)
		if (libxdp.chain_call_enabled(prog, action))
			value.num |= 1U << action;
	return value;
}

static void describe_seen(const struct wishes *w, struct policy_subject *subject)
{
	uint32_t authors;

	subject->app.has[ATTR_PRIORITY] = w->has_priority;
	subject->app.value[ATTR_PRIORITY].num = w->priority;
	if (!w->actions_set)
		return;
	/* the author's set with the application's changes applied */
	authors = policy_subject__own(subject, ATTR_ACTIONS).num;
	subject->app.has[ATTR_ACTIONS] = true;
	subject->app.value[ATTR_ACTIONS].num = (authors & ~w->actions_set) | w->actions;
}

/*
 * Setters found by dlsym(), as ctypes does, are called past us. A value that is neither what libxdp
 * was told when it opened the program, nor what we set ourselves, is the application's.
 */
static void describe_unseen(const struct xdp_program *prog, const struct bpf_object *obj,
			    const struct wishes *w, struct policy_subject *subject)
{
	struct policy_value before[N_ATTRS];
	struct runcfg told;

	object__told(obj, subject->value[COND_PROGRAM], &told);
	before[ATTR_PRIORITY].num = told.priority;
	before[ATTR_ACTIONS].num = told.actions;
	for (size_t i = 0; i < N_SET_ATTRS; i++) {
		enum policy_attr attr = set_attrs[i];
		struct policy_value now = current(prog, attr);

		if (w && w->enforced)
			before[attr] = w->enforced_value[attr];
		if (subject->app.has[attr] || now.num == before[attr].num)
			continue;
		subject->app.has[attr] = true;
		subject->app.value[attr] = now;
	}
}

#define TAG_SIZE 17

static void describe(struct xdp_program *prog, struct policy_subject *subject, char tag[TAG_SIZE])
{
	const struct bpf_object *obj = libxdp.bpf_obj(prog);
	const struct bpf_program *bpf_prog = NULL;
	const unsigned char *bytes = libxdp.tag(prog);
	const struct wishes *w = find_wishes(prog);
	bool loaded = libxdp.fd(prog) >= 0;

	state__describe(subject);
	subject->value[COND_PROGRAM] = libxdp.name(prog);
	if (obj && subject->value[COND_PROGRAM])
		bpf_prog = bpf_object__find_program_by_name(obj, subject->value[COND_PROGRAM]);
	if (bpf_prog)
		object__describe(obj, bpf_prog, subject);
	if (loaded && bytes) {
		for (int i = 0; i < BPF_TAG_SIZE; i++)
			snprintf(tag + 2 * i, 3, "%02x", bytes[i]);
		subject->value[COND_TAG] = tag;
	}
	if (w)
		describe_seen(w, subject);
	if (bpf_prog && !loaded)
		describe_unseen(prog, obj, w, subject);
}

static int set_value(struct xdp_program *prog, enum policy_attr attr, uint32_t num)
{
	int err = 0;

	if (attr == ATTR_PRIORITY)
		return REAL(xdp_program__set_run_prio)(prog, num);
	for (int action = 0; action < POLICY_N_ACTIONS && !err; action++)
		err = REAL(xdp_program__set_chain_call_enabled)(prog, action, num >> action & 1);
	return err;
}

static void enforce(struct xdp_program *prog, const struct policy_subject *subject,
		    const struct policy_decision *decision)
{
	/* once loaded, as for an interface before, libxdp takes no other values */
	bool loaded = libxdp.fd(prog) >= 0;
	struct wishes *w = loaded ? NULL : get_wishes(prog);
	struct report report;

	report__start(&report, subject, decision);
	for (size_t i = 0; i < N_SET_ATTRS; i++) {
		enum policy_attr attr = set_attrs[i];
		const struct policy_result *result = &decision->attr[attr];
		struct policy_value was = current(prog, attr);

		if (was.num != result->value.num && (!loaded || result->rule) &&
		    (loaded || !set_value(prog, attr, result->value.num)))
			report__change(&report, attr, was);
		if (w)
			w->enforced_value[attr] = current(prog, attr);
	}
	if (w)
		w->enforced = true;
	report__send(&report, loaded ? "not applied, the program is loaded already: " : "");
}

/* Returns 0, or -EACCES if prog shall not be attached there. With the lock held. */
static int decide(const struct xdp_policy *policy, struct xdp_program *prog, int ifindex)
{
	struct policy_subject subject = { 0 };
	struct policy_decision decision;
	char ifname[IF_NAMESIZE], tag[TAG_SIZE] = "";

	describe(prog, &subject, tag);
	subject.value[COND_INTERFACE] = if_indextoname(ifindex, ifname);
	xdp_policy__resolve(policy, &subject, NULL, &decision);
	if (report__denial(policy, &subject, &decision))
		return -EACCES;
	enforce(prog, &subject, &decision);
	return 0;
}

static int before_attach(struct xdp_program **progs, size_t n, int ifindex)
{
	struct xdp_policy *policy;
	int saved_errno = errno;
	int err = 0;

	if (libxdp_depth)
		return 0;
	policy = state__enter();
	if (policy && progs && bind_libxdp()) {
		libxdp_depth++;
		for (size_t i = 0; i < n && !err; i++)
			if (progs[i])
				err = decide(policy, progs[i], ifindex);
		libxdp_depth--;
	}
	if (policy)
		state__leave();
	errno = err ? -err : saved_errno;
	return err;
}

int hook_xdp_program__attach(struct xdp_program *prog, int ifindex, enum xdp_attach_mode mode,
			     unsigned int flags)
{
	int err = before_attach(&prog, 1, ifindex);

	if (err)
		return err;
	libxdp_depth++;
	err = REAL(xdp_program__attach)(prog, ifindex, mode, flags);
	libxdp_depth--;
	return err;
}

int hook_xdp_program__attach_multi(struct xdp_program **progs, size_t n, int ifindex,
				   enum xdp_attach_mode mode, unsigned int flags)
{
	int err = before_attach(progs, n, ifindex);

	if (err)
		return err;
	libxdp_depth++;
	err = REAL(xdp_program__attach_multi)(progs, n, ifindex, mode, flags);
	libxdp_depth--;
	return err;
}
