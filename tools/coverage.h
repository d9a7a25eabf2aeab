/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_COVERAGE_H
#define XDP_POLICY_COVERAGE_H

/* How applications are reached by the policy: what is looked at, and what is said of it. */

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "elf-facts.h"
#include "interfaces.h"

enum coverage_class {
	COVERAGE_FULL,
	COVERAGE_AT_OPEN,
	COVERAGE_DAEMON,
	COVERAGE_NONE,
	/* no classes of reach: there is nothing to be reached, or no telling */
	COVERAGE_NO_XDP,
	COVERAGE_UNKNOWN,
	N_COVERAGE_CLASSES
};

/* Why: each reason belongs to a class, see the table in coverage-class.c. */
enum coverage_reason {
	REASON_SHARED,
	REASON_PLUGIN,
	REASON_OPENS,
	REASON_INSIDE,
	REASON_OURS,
	REASON_RECORDS,
	REASON_INSIDE_OLD,
	REASON_STATIC,
	REASON_LIBBPF_0,
	REASON_OTHER_LOADER,
	REASON_NO_SHIM,
	REASON_NO_RECORD,
	REASON_SKIPS,
	REASON_OWN_PROGRAM,
	REASON_LIBBPF,
	REASON_NETLINK,
	REASON_LIBBPF_INSIDE,
	REASON_GO,
	REASON_RUST,
	REASON_BPFMAN,
	REASON_HOLDS_LINK,
	REASON_HOLDS_PROGRAM,
	REASON_LONE_PROGRAM,
	REASON_LINK,
	REASON_NO_BPF,
	REASON_NO_ATTACH,
	REASON_NOT_ELF,
	REASON_UNTOLD_STATIC,
	REASON_UNTOLD_LIBBPF,
	REASON_UNCALLED,
	REASON_LIBRARY_MAY,
	REASON_LINK_CREATE,
	REASON_OWN_CALL,
	REASON_STARTS,
	REASON_OTHER_ROOT,
	REASON_HIDDEN,
	REASON_NO_ANSWER,
	REASON_NO_LIBRARY,
	REASON_TOO_LARGE,
	REASON_BROKEN,
	REASON_MISSING,
	REASON_REFUSED,
	N_COVERAGE_REASONS
};

/* Whether that is so now. */
enum coverage_state {
	STATE_NOTHING,	/* not a matter of what is enabled */
	STATE_OFF,	/* the preload is not enabled for it, and no daemon runs */
	STATE_DISABLED, /* the kill switch is set */
	STATE_RESTART,	/* the preload is enabled, but it had started before */
	STATE_DAEMON,	/* without the preload, but a daemon runs */
	STATE_ENABLED,	/* from its next start */
	STATE_LOADED,	/* the preload is in the process and has not been asked */
	STATE_ACTIVE,	/* and it has */
	N_COVERAGE_STATES
};

enum coverage_note {
	NOTE_SETUID = 1 << 0,
	NOTE_CAPABILITIES = 1 << 1,
	NOTE_MNT_NS = 1 << 2,
	NOTE_NET_NS = 1 << 3,
	NOTE_HOLDS = 1 << 4, /* XDP programs, by descriptors */
	NOTE_MAY_OPEN = 1 << 5,
	NOTE_MIXED = 1 << 6,
	NOTE_ROOT = 1 << 7,
	NOTE_LACKS = 1 << 8,
	NOTE_DROPS = 1 << 9 /* LD_PRELOAD, before it starts another */
};

enum coverage_what {
	WHAT_INTERFACE,
	WHAT_PROCESS,
	WHAT_EXECUTABLE,
	WHAT_LIBRARY
};

#define COVERAGE_DETAIL_SIZE 320

/* One line of the answer. */
struct coverage {
	enum coverage_what what;
	char name[PATH_MAX];		   /* a path without links, or an interface */
	char script[PATH_MAX];		   /* whose interpreter name is, or empty */
	pid_t pid;			   /* of a process */
	char unit[256];			   /* or empty */
	const char *setting;		   /* of the unit, whose command it is; or NULL */
	char detail[COVERAGE_DETAIL_SIZE]; /* "through libknot.so.13", or empty */
	enum coverage_reason reason;
	enum coverage_state state;
	uint32_t notes;
	bool no_deny; /* the preload keeps out of it: nothing can be denied to it */
};

/* --- coverage-class.c --- */

enum coverage_class coverage__class(const struct coverage *coverage);
/* A word for programs, which does not change, and a sentence for people. */
const char *coverage_class__name(enum coverage_class class);
const char *coverage_class__sentence(enum coverage_class class);
const char *coverage_reason__name(enum coverage_reason reason);
const char *coverage_reason__sentence(enum coverage_reason reason);
const char *coverage_state__name(enum coverage_state state);
/* The sentence of the i-th note, NULL behind the last; note is its bit, name its word. */
const char *coverage_note__sentence(unsigned int i, uint32_t *note, const char **name);
/* What to do for it to be reached; an empty text if there is nothing. */
void coverage__advise(const struct coverage *coverage, char *buf, size_t size);
/* What attaches XDP is reached now, or has nothing in it to be reached. */
bool coverage__is_reached(const struct coverage *coverage);

/* --- coverage-libs.c --- */

/* Executables' libraries below one root, as the loader would find them. */
struct libraries;
/* NULL without memory. budget: see elf-facts.h; it may be NULL, and is not to go away before. */
struct libraries *libraries__new(const char *root, uint64_t *budget);
void libraries__free(struct libraries *libraries);

/* What is taken in with an executable. */
struct closure {
	bool libxdp, libbpf, libbpf_0, ours;
	bool asks_xdp;	     /* something in it calls what has xdp in its name, or is called so */
	bool hides_xdp;	     /* a library calls libxdp, for whoever calls it for that */
	bool is_cut;	     /* there is more than was looked at */
	uint32_t imports;    /* its own and those of its libraries but for libxdp and libbpf */
	char libxdp_by[256]; /* which of its own libraries brings it in; empty: none is needed */
	char plugin[256];    /* a plug-in with libxdp for what it is linked with */
	char inside_by[256]; /* a library that has libxdp inside */
	char attach_by[256]; /* a library that attaches past the dispatcher */
	char link_by[256];   /* a library that creates links by libbpf, of whatever kind */
	char missing[256];   /* a library that is not there */
};
void libraries__close_over(struct libraries *libraries, const struct elf_facts *facts,
			   const char *path, struct closure *ret);

const char *libraries__root(const struct libraries *libraries);
uint64_t *libraries__budget(const struct libraries *libraries);

/* Whether there is, or can be installed, a preload for such an executable. */
bool libraries__can_preload(struct libraries *libraries, const struct elf_facts *facts);

/* --- coverage-file.c --- */

/*
 * Says of an open file how it is reached; coverage->name is its path below the root of libraries.
 */
void coverage__look_at_file(struct libraries *libraries, int fd, struct coverage *coverage);

/*
 * The same of a path below the root, or of a command's name; a script leads to its interpreter.
 * Returns 0, or a negative errno if it or that cannot be opened.
 */
int coverage__look_at_path(struct libraries *libraries, const char *path,
			   struct coverage *coverage);

/* A command by its name alone, in the usual directories; as below__open(). */
int coverage__open_command(const struct libraries *libraries, const char *name,
			   char real[PATH_MAX]);

/* --- coverage-host.c --- */

/* What is enabled on this host. */
struct coverage_host {
	const char *root; /* "" for /; else only files are looked at */
	struct libraries *libraries;
	bool shim;     /* the preload is installed */
	bool host;     /* it is in /etc/ld.so.preload */
	bool closed;   /* processes of others than root cannot open it, or its hooks */
	bool disabled; /* the kill switch is set */
	bool daemon;   /* xdp-policyd runs */
	/*
	 * How much of what was asked for may still be searched, in bytes: it may be anybody's, and
	 * be as large as they like. What is installed is the host's own.
	 */
	uint64_t budget;
	struct proc_looks *looks; /* at files of processes, as those have them */
};
/*
 * Each path that the preload needs to be the host's, or the policy, or whoever looks at records;
 * NULL behind the last.
 */
const char *coverage_host__needs(unsigned int i);

int coverage_host__open(const char *root, struct coverage_host *ret);
void coverage_host__close(struct coverage_host *host);

/* Sets the state of a file, or of a process whose maps are not known. */
void coverage_host__set_state(const struct coverage_host *host, bool enabled,
			      struct coverage *coverage);

/* Takes one line of the answer. */
typedef void coverage_fn(void *ctx, const struct coverage *coverage);

/* --- coverage-proc.c --- */

/* What looks at the files of processes; see common/proc-looks.h. NULL without memory. */
struct proc_looks *coverage__new_looks(struct coverage_host *host);

/*
 * Returns 0, or a negative errno: -ESRCH of one that is not, or no longer, there. That its files do
 * not answer is an answer.
 */
int coverage__look_at_process(const struct coverage_host *host, pid_t pid,
			      struct coverage *coverage);

/*
 * All processes of a unit; or of all units (NULL) those that hold XDP programs, have what attaches
 * them, or can't be looked at. Returns how many it told of.
 */
size_t coverage__each_process(const struct coverage_host *host, const char *unit, coverage_fn *fn,
			      void *ctx);

/* --- coverage-unit.c --- */

/* Whether a name can only be that of a unit, by its suffix. */
bool coverage__is_unit_name(const char *name);
/* Whether the unit's files put the preload into its environment. */
bool coverage_unit__is_preloaded(const struct coverage_host *host, const char *name);
/* What the unit's files say that it starts, line by line. Returns false as below. */
bool coverage__each_command(const struct coverage_host *host, const char *name, coverage_fn *fn,
			    void *ctx);
/*
 * A unit's processes, or, if it does not run, what it would start. Returns false if there is no
 * such unit.
 */
bool coverage__each_of_unit(const struct coverage_host *host, const char *name, coverage_fn *fn,
			    void *ctx);

/* --- coverage-live.c --- */

/* Those of the interfaces that have XDP programs. Returns 0 or a negative errno. */
int coverage__each_interface(const struct coverage_host *host, const struct interfaces *interfaces,
			     coverage_fn *fn, void *ctx);

/* --- coverage-scan.c --- */

struct coverage_scan {
	size_t untold; /* programs that could not be told */
	bool cut;      /* there are more files than were looked at */
};

/* Executables and libraries in the usual directories that could attach XDP. 0 or -ENOMEM. */
int coverage__each_installed(const struct coverage_host *host, coverage_fn *fn, void *ctx,
			     struct coverage_scan *ret);

#endif
