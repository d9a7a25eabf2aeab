/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBXDPPOLICY_H
#define LIBXDPPOLICY_H

/*
 * libxdppolicy: what the policy of this host says of an XDP program.
 *
 * A policy is opened once and asked as often as needed. It looks at its files again by itself, so
 * that a decision is never older than the files. Subject in, decision out: nothing is attached or
 * changed here.
 *
 * xdp_policy__open() and xdp_policy__resolve() return an error pointer on failure, as libxdp's
 * functions do: libxdp_get_error(), or xdp_policy__get_error() without libxdp, gives the negative
 * errno. All other errors are negative errno values. errno is set as well, and keeps its value
 * where a function succeeds. The library prints nothing.
 *
 * Threads: any number may resolve and reload the same policy at the same time. Opening and closing
 * it are for one thread. A decision belongs to who asked for it, and does not change any more.
 *
 * Structures begin with their size, so that later versions can add to them: initialise with
 * { .sz = sizeof(x) }, and leave what you do not know zero. A program may be built with an older or
 * a newer header than the library: what the older one lacks is zero, and what the newer one has and
 * the library does not know is refused with -E2BIG unless it is zero. A size that is no structure's
 * is -EINVAL, and so are flags that the library does not know.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LIBXDPPOLICY_API
#define LIBXDPPOLICY_API __attribute__((visibility("default")))
#endif

/* What is decided. Later versions may add to the end. */
enum xdp_policy_attr {
	XDP_POLICY_PRIORITY,
	XDP_POLICY_CHAIN_CALL_ACTIONS,
	XDP_POLICY_ATTACH,
	XDP_POLICY_ATTACH_MODE,
	XDP_POLICY_DISPATCHER
};

/* How many attributes this header knows. */
#define XDP_POLICY_N_ATTRS 5

/* Values of XDP_POLICY_ATTACH. Those of XDP_POLICY_ATTACH_MODE are libxdp's enum xdp_attach_mode.
 */
enum xdp_policy_verdict {
	XDP_POLICY_ALLOW,
	XDP_POLICY_DENY
};

/* Values of XDP_POLICY_DISPATCHER. */
enum xdp_policy_dispatcher {
	XDP_POLICY_OPTIONAL,
	XDP_POLICY_REQUIRED
};

/* What a source answers, as in nsswitch.conf(5). */
enum xdp_policy_status {
	XDP_POLICY_SUCCESS,
	XDP_POLICY_NOTFOUND, /* it was asked, and has no answer */
	XDP_POLICY_UNAVAIL,  /* it is not there at all */
	XDP_POLICY_TRYAGAIN  /* it is there, but cannot answer now */
};

/*
 * The value of one attribute. num is the run priority (0 to INT32_MAX, the lower runs first), the
 * chain call actions (bit n for XDP action n), an enum xdp_policy_verdict, an attach mode, or an
 * enum xdp_policy_dispatcher.
 *
 * Chain call actions can be relative to the answer of the next source: relative is then 1, add and
 * del are sets of actions, and num is 0.
 */
struct xdp_policy_value {
	uint32_t num;
	uint32_t add;
	uint32_t del;
	uint32_t relative;
};

/*
 * What an application or an author has said: bit 1 << attribute of has for each value given. If
 * these values win they are the decision as they are, whatever they are. Attach mode auto is no
 * answer. An application never has an answer for attach and dispatcher, an author only for priority
 * and chain call actions: others are ignored, with a message.
 */
struct xdp_policy_known {
	uint32_t has;
	uint32_t num[7]; /* by enum xdp_policy_attr */
};

/*
 * What is known about a program. Strings are the caller's and are looked at during the call only.
 * NULL is unknown: a rule that asks for an unknown fact does not hold.
 */
struct xdp_policy_subject {
	size_t sz;
	const char *program;	/* function name */
	const char *section;	/* ELF section */
	const char *object;	/* absolute path of the BPF object */
	const char *tag;	/* 16 lower-case hex digits */
	const char *executable; /* absolute path */
	const char *user;	/* name, or number if it has none */
	const char *uid;	/* number of the same user, in decimal */
	const char *unit;	/* systemd unit; "" for a process of none */
	const char *host;	/* full name */
	const char *interface;
	const char *driver;
	const char *mode; /* "native", "skb" or "hw" */
	/* Sources app and btf. NULL: it is not known what they say; has of 0: they say nothing. */
	const struct xdp_policy_known *app;
	const struct xdp_policy_known *btf;
};

/*
 * A rule in memory. Each member is written as in priorities.conf(5), lists with blanks between
 * their words; NULL is not stated.
 */
struct xdp_policy_rule {
	const char *name;
	/* conditions */
	const char *program, *section, *object, *tag, *executable, *user, *unit, *host;
	const char *interface, *driver, *mode;
	/* settings */
	const char *priority, *chain_call_actions, *attach, *attach_mode, *dispatcher;
	const char *order, *order_start, *order_step;
};

enum xdp_policy_level {
	XDP_POLICY_ERROR,   /* something is left out */
	XDP_POLICY_WARNING, /* it works, but hardly as meant */
	XDP_POLICY_INFO
};

/*
 * Told of what is wrong with files, rules and subjects. file, "<memory>" for rules in memory,
 * "<switch>" for the switch text and "<subject>" for a subject, and text are valid during the call;
 * line is 0 for a file as a whole, and the number of the rule from 1 in memory. May be called in
 * any thread that calls a function with the policy, one at a time, and must not call one itself.
 */
typedef void (*xdp_policy_message_fn)(void *ctx, enum xdp_policy_level level, const char *file,
				      unsigned int line, const char *text);

/* For flags of struct xdp_policy_open_opts. */
#define XDP_POLICY_F_NO_FILES (1U << 0) /* no rule files and no database: rules in memory alone */

struct xdp_policy_open_opts {
	size_t sz;
	/* Directory to take for /, NULL for the host itself. */
	const char *root;
	/* Text to read instead of xdpswitch.conf(5), NULL for the file. */
	const char *switch_text;
	/*
	 * Rules in memory belong to source files and stand before those of all files: what the
	 * administrator wrote overrides them. They are copied. rule_sz is sizeof(rules[0]), the
	 * distance from one to the next.
	 */
	const struct xdp_policy_rule *rules;
	size_t n_rules;
	size_t rule_sz;
	uint32_t flags;
	xdp_policy_message_fn message; /* NULL: silent */
	void *message_ctx;
};

struct xdp_policy;
struct xdp_policy_decision;

/*
 * Loads the policy; opts may be NULL. Files that are wrong are left out with a message and are no
 * failure; rules or a switch text of the caller's that are wrong are: -EINVAL, after a message for
 * each. Other errors: a root that is no directory, a lack of memory or descriptors.
 */
LIBXDPPOLICY_API struct xdp_policy *xdp_policy__open(const struct xdp_policy_open_opts *opts);

/* NULL is allowed. Decisions of this policy must have been freed. */
LIBXDPPOLICY_API void xdp_policy__close(struct xdp_policy *policy);

/*
 * Loads all files again now, changed or not. Never needed for correctness: resolving looks at what
 * changed. A file that was good and is refused now keeps its last good rules. Returns 0, or a
 * negative errno with the policy as it was.
 */
LIBXDPPOLICY_API int xdp_policy__reload(struct xdp_policy *policy);

/* How many files, directories and lines of the switch are refused at present. */
LIBXDPPOLICY_API unsigned int xdp_policy__n_errors(struct xdp_policy *policy);

/* For flags of struct xdp_policy_resolve_opts. */
#define XDP_POLICY_F_TRACE     (1U << 0) /* keep all answers, for xdp_policy_decision__next() */
#define XDP_POLICY_F_UNDECIDED (1U << 1) /* see xdp_policy_decision__value() */

struct xdp_policy_resolve_opts {
	size_t sz;
	uint32_t flags;
	uint32_t reserved; /* 0 */
};

/*
 * Decides all attributes for a subject. opts may be NULL. The decision is to be freed by
 * xdp_policy_decision__free(). Fails without memory, or with -E2BIG or -EINVAL for a wrong subject
 * or opts. If changed files cannot be loaded for lack of memory or descriptors, the policy stays as
 * it was and decides.
 */
LIBXDPPOLICY_API struct xdp_policy_decision *xdp_policy__resolve(
	struct xdp_policy *policy, const struct xdp_policy_subject *subject,
	const struct xdp_policy_resolve_opts *opts);
LIBXDPPOLICY_API void xdp_policy_decision__free(struct xdp_policy_decision *decision);

/*
 * The value of one attribute in *value, never relative. Returns 1 if a source had an answer, 0 if
 * it is libxdp's own default, -EINVAL for an attribute that this version does not know, or -EAGAIN
 * if it is undecided: only with XDP_POLICY_F_UNDECIDED, where a rule asks for a fact that the
 * subject lacks and that could change the attribute. For programs that are attached already, which
 * are better left alone than changed on half of the facts.
 */
LIBXDPPOLICY_API int xdp_policy_decision__value(const struct xdp_policy_decision *decision,
						enum xdp_policy_attr attr,
						struct xdp_policy_value *value);

/*
 * What holds for the host as a whole when the decision was made: a set of flags. Whoever acts on
 * decisions has to heed them; the decision itself is as if there were none.
 */
#define XDP_POLICY_DISABLED (1U << 0) /* /run/xdp/disabled is there: leave all programs alone */
#define XDP_POLICY_DENY_ALL (1U << 1) /* a file is refused, and the switch denies on errors */
LIBXDPPOLICY_API uint32_t xdp_policy_decision__flags(const struct xdp_policy_decision *decision);

/* One source's answer, or one rule's. Strings are the decision's. */
struct xdp_policy_answer {
	size_t sz;
	enum xdp_policy_attr attr;
	const char *source;
	enum xdp_policy_status status;
	int counts; /* it made the value, alone or together with others */
	int has_value;
	struct xdp_policy_value value;
	const char *file;   /* NULL for a source without files */
	unsigned int line;  /* in a database, the number of the rule */
	const char *rule;   /* its name, NULL for none */
	unsigned int place; /* in the rule's order, from 1; 0 for none */
	const char *note;   /* why it does not count, NULL for nothing to say */
};

/*
 * Who decided the attribute; NULL if nobody did, or it is undecided. Without a trace, too. Where
 * several answers made the value, the first of them, but with the decision's value.
 */
LIBXDPPOLICY_API const struct xdp_policy_answer *xdp_policy_decision__winner(
	const struct xdp_policy_decision *decision, enum xdp_policy_attr attr);

/*
 * Walks all answers, attribute by attribute, in the order in which they were asked: the first for
 * previous of NULL, NULL behind the last. Needs XDP_POLICY_F_TRACE.
 */
LIBXDPPOLICY_API const struct xdp_policy_answer *xdp_policy_decision__next(
	const struct xdp_policy_decision *decision, const struct xdp_policy_answer *previous);

/* "chain-call-actions", as in the files; NULL for an attribute that this version does not know. */
LIBXDPPOLICY_API const char *xdp_policy_attr__name(enum xdp_policy_attr attr);

/*
 * Writes the value as the files have it, "DROP PASS" or "10"; always terminates buf. Returns 0,
 * -EINVAL for an attribute or a value that there is not, or -ENOSPC if buf was too small and the
 * text is cut. 128 bytes are enough for any value.
 */
LIBXDPPOLICY_API int xdp_policy_value__print(enum xdp_policy_attr attr,
					     const struct xdp_policy_value *value, char *buf,
					     size_t size);

/* 0, or the negative errno of an error pointer. NULL is -EINVAL. */
LIBXDPPOLICY_API int xdp_policy__get_error(const void *ptr);

#ifdef __cplusplus
}
#endif

#endif
