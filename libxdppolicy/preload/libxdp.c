// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hooks in front of a shared libxdp. What the policy says goes in by libxdp's own setters: when a
 * program is opened, so that the application sees it, and at the outermost attach, when the
 * interface and the application's own wishes are known.
 *
 * The setters themselves are not hooked. libxdp calls them too, and an application may call them
 * past us, as ctypes does. A value that is neither what libxdp was told when it opened the program,
 * nor what we set before, can only be the application's wish.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/if_link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enforced.h"
#include "joining.h"
#include "object.h"
#include "report.h"
#include "state.h"

/* What else of libxdp is called from here, found in the libxdp that the process has. */
static struct {
	__typeof__(&xdp_program__name) name;
	__typeof__(&xdp_program__tag) tag;
	__typeof__(&xdp_program__fd) fd;
	__typeof__(&xdp_program__bpf_obj) bpf_obj;
	__typeof__(&xdp_program__run_prio) run_prio;
	__typeof__(&xdp_program__set_run_prio) set_run_prio;
	__typeof__(&xdp_program__chain_call_enabled) chain_call_enabled;
	__typeof__(&xdp_program__set_chain_call_enabled) set_chain_call_enabled;
	bool complete;
} libxdp;

/* The attributes that libxdp has setters for. */
static const enum policy_attr set_attrs[] = { ATTR_PRIORITY, ATTR_ACTIONS };
#define N_SET_ATTRS (sizeof(set_attrs) / sizeof(set_attrs[0]))

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
	libxdp.set_run_prio = dlsym(handle, "xdp_program__set_run_prio");
	libxdp.chain_call_enabled = dlsym(handle, "xdp_program__chain_call_enabled");
	libxdp.set_chain_call_enabled = dlsym(handle, "xdp_program__set_chain_call_enabled");
	libxdp.complete = libxdp.name && libxdp.tag && libxdp.fd && libxdp.bpf_obj &&
			  libxdp.run_prio && libxdp.set_run_prio && libxdp.chain_call_enabled &&
			  libxdp.set_chain_call_enabled;
	return libxdp.complete;
}

static struct policy_value get_value(const struct xdp_program *prog, enum policy_attr attr)
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

/* What libxdp has of those that it has setters for. */
static void get_values(const struct xdp_program *prog, struct policy_value values[N_ATTRS])
{
	for (size_t i = 0; i < N_SET_ATTRS; i++)
		values[set_attrs[i]] = get_value(prog, set_attrs[i]);
}

static int set_value(struct xdp_program *prog, enum policy_attr attr, uint32_t was, uint32_t num)
{
	int err = 0;

	if (attr == ATTR_PRIORITY)
		return libxdp.set_run_prio(prog, num);
	for (int action = 0; action < POLICY_N_ACTIONS && !err; action++)
		if ((was ^ num) >> action & 1)
			err = libxdp.set_chain_call_enabled(prog, action, num >> action & 1);
	return err;
}

/* Source app. The actions are the author's set with the application's changes applied already. */
static void describe_wishes(const struct xdp_program *prog, const struct bpf_object *obj,
			    const struct policy_value *values, struct policy_subject *subject)
{
	const struct enforced *p = enforced__find(prog);
	struct policy_value before[N_ATTRS] = { 0 };
	struct runcfg told;

	if (p)
		subject->app = p->app;
	subject->app.unknown = false;
	object__told(obj, subject->value[COND_PROGRAM], &told);
	before[ATTR_PRIORITY].num = told.priority;
	before[ATTR_ACTIONS].num = told.actions;
	for (size_t i = 0; i < N_SET_ATTRS; i++) {
		enum policy_attr attr = set_attrs[i];
		/* its own changes alone, not those that were ours */
		uint32_t base =
			subject->app.has[attr] ? subject->app.value[attr].num : before[attr].num;

		if (runcfg__wish(attr, values[attr].num, (p ? p->value : before)[attr].num, base,
				 &subject->app.value[attr]))
			subject->app.has[attr] = true;
	}
}

/* Of a program that is known by its descriptor: all there is to go by is what libxdp has of it. */
static void describe_loaded(const struct xdp_program *prog, const struct policy_value *values,
			    struct policy_subject *subject)
{
	struct proginfo info;

	proginfo__read_short(libxdp.fd(prog), &info);
	object__describe_loaded(info.id, subject);
	subject->app.unknown = true;
	for (size_t i = 0; i < N_SET_ATTRS; i++) {
		subject->btf.has[set_attrs[i]] = true;
		subject->btf.value[set_attrs[i]] = values[set_attrs[i]];
	}
}

/*
 * What libxdp read when it opened the program is what the author stated, or the default. Which of
 * the two is in the BTF, but finding it takes a while, and hardly ever makes a difference.
 */
static void describe_opened(const struct policy *policy, const struct bpf_object *obj,
			    const struct policy_value *values, struct policy_subject *subject)
{
	for (size_t i = 0; i < N_SET_ATTRS; i++) {
		enum policy_attr attr = set_attrs[i];

		if (policy__switch(policy)->attr[attr].minds_default) {
			object__describe_author(obj, subject);
			return;
		}
		subject->btf.has[attr] = true;
		subject->btf.value[attr] = values[attr];
	}
}

/* Returns the object that the program is of, if it is known and open. */
static const struct bpf_object *describe(struct xdp_program *prog, struct policy_subject *subject)
{
	const struct bpf_object *obj = libxdp.bpf_obj(prog);
	const struct bpf_program *bpf_prog = NULL;

	state__describe(subject);
	subject->value[COND_PROGRAM] = libxdp.name(prog);
	if (obj && subject->value[COND_PROGRAM])
		bpf_prog = bpf_object__find_program_by_name(obj, subject->value[COND_PROGRAM]);
	if (bpf_prog)
		object__describe(obj, bpf_prog, subject);
	else if (subject->value[COND_PROGRAM]) /* libxdp has the kernel's, and may know no more */
		subject->name_cut = strlen(subject->value[COND_PROGRAM]) == BPF_OBJ_NAME_LEN - 1;
	return bpf_prog ? obj : NULL;
}

/*
 * Sets what was decided. A program that is loaded, for an interface before, takes no other values:
 * note, if there is one, then tells the hook of bpf_xdp_attach() what it shall have. Returns
 * whether that is something else than libxdp has.
 */
static bool enforce(struct xdp_program *prog, const struct policy_subject *subject,
		    const struct policy_decision *decision, const struct policy_value *values,
		    struct libxdp_attached *note)
{
	bool loaded = libxdp.fd(prog) >= 0, changed = false;
	struct policy_value now[N_ATTRS];
	struct enforced *p;
	struct report report;

	report__start(&report, subject, decision);
	for (size_t i = 0; i < N_SET_ATTRS; i++) {
		enum policy_attr attr = set_attrs[i];
		const struct policy_result *result = &decision->attr[attr];
		struct policy_value was = values[attr];

		now[attr] = was;
		if (was.num == result->value.num ||
		    (subject->app.unknown && !policy_origin__is_rule(&result->origin)))
			continue;
		if (loaded ? !note : set_value(prog, attr, was.num, result->value.num) != 0)
			continue;
		report__change(&report, attr, was);
		now[attr] = result->value;
		changed = true;
	}
	p = changed && !loaded ? enforced__get(prog, libxdp.bpf_obj(prog)) : NULL;
	for (size_t i = 0; p && i < N_SET_ATTRS; i++)
		p->value[set_attrs[i]] = now[set_attrs[i]];
	if (p)
		p->app = subject->app;
	if (note)
		memcpy(note->want, now, sizeof(now));
	report__send(&report, "");
	return loaded && changed;
}

/* The file of an object that such a call has opened becomes the object's. */
static void keep_opened(struct libxdp_opened *opened, const struct bpf_object *obj)
{
	if (!opened->path || opened->obj != obj)
		return;
	object__set_path(obj, opened->path);
	opened->path = NULL;
}

static void decide_open(const struct policy *policy, struct xdp_program *prog,
			struct libxdp_opened *opened)
{
	static const struct policy_resolve_opts opts = { .attrs = POLICY_RUN_ATTRS };
	struct policy_subject subject = { .app.unknown = true };
	struct policy_value values[N_ATTRS];
	struct policy_decision decision;
	const struct bpf_object *obj;

	if (libxdp.fd(prog) >= 0)
		return;
	keep_opened(opened, libxdp.bpf_obj(prog));
	obj = describe(prog, &subject);
	if (!obj || object__is_dispatcher(obj))
		return;
	get_values(prog, values);
	describe_opened(policy, obj, values, &subject);
	policy__resolve(policy, &subject, &opts, &decision);
	enforce(prog, &subject, &decision, values, NULL);
}

/* This process has a program in another mode than it asked for. */
static atomic_bool mode_changed;

static void describe_tag(const struct xdp_program *prog, struct policy_subject *subject,
			 char tag[2 * BPF_TAG_SIZE + 1])
{
	const unsigned char *bytes = libxdp.tag(prog);

	for (int i = 0; bytes && i < BPF_TAG_SIZE; i++)
		snprintf(tag + 2 * i, 3, "%02x", bytes[i]);
	subject->value[COND_TAG] = bytes ? tag : NULL;
}

/* The mode of what is attached; the given one if there is nothing, or it cannot be told. */
static enum xdp_attach_mode attached_mode(int ifindex, enum xdp_attach_mode mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);

	if (!REAL(bpf_xdp_query) || REAL(bpf_xdp_query)(ifindex, 0, &opts))
		return mode;
	switch (opts.attach_mode) {
	case XDP_ATTACHED_DRV:
		return XDP_MODE_NATIVE;
	case XDP_ATTACHED_SKB:
		return XDP_MODE_SKB;
	case XDP_ATTACHED_HW:
		return XDP_MODE_HW;
	default:
		return mode;
	}
}

/*
 * *wanted becomes the mode that the policy gives the program. One that joins a chain of another
 * mode could not be attached at all: then it stays as it was asked for.
 */
static void decide_mode(const struct policy_subject *subject,
			const struct policy_decision *decision, int ifindex,
			struct policy_value asked, enum xdp_attach_mode *wanted)
{
	const struct policy_result *result = &decision->attr[ATTR_MODE];
	enum xdp_attach_mode mode = result->value.num;
	struct report report;
	bool fits;

	if (!result->found || !strcmp(result->source, "app"))
		return;
	fits = mode == XDP_MODE_UNSPEC || attached_mode(ifindex, mode) == mode;
	if (fits)
		*wanted = mode;
	if (result->value.num == asked.num)
		return;
	mode_changed = mode_changed || fits;
	report__start(&report, subject, decision);
	report__change(&report, ATTR_MODE, asked);
	report__send(&report, fits ? "" : "not applied, others are attached in another mode: ");
}

/*
 * Keeps what the record of a program shall say of its application and its author: at the attach of
 * the dispatcher it has the policy's values. NULL without memory.
 */
static struct libxdp_attached *note_sources(struct libxdp_attaching *attaching,
					    struct xdp_program *prog, const struct bpf_object *obj,
					    const struct policy_subject *subject)
{
	struct libxdp_attached *note;

	if (!attaching->program)
		return NULL;
	note = &attaching->program[attaching->n++];
	*note = (struct libxdp_attached){ .prog = prog, .app = subject->app, .btf = subject->btf };
	note->btf.unknown = !obj;
	return note;
}

void joining__add_shared(struct joining *joining)
{
	const struct libxdp_attaching *attaching = &call__current()->attaching;

	for (size_t i = 0; i < attaching->n; i++) {
		const struct libxdp_attached *note = &attaching->program[i];
		struct policy_subject subject = { .app = note->app, .btf = note->btf };
		const struct bpf_object *obj;
		struct proginfo info;

		if (!note->prog) /* closed in a callback */
			continue;
		obj = describe(note->prog, &subject);
		if (obj)
			subject.value[COND_OBJECT] = object__path(obj);
		if (!proginfo__read_short(libxdp.fd(note->prog), &info))
			joining__add(joining, &info, &subject, note->want);
	}
}

/*
 * Returns 0, or -EACCES if prog shall not be attached there. *wanted becomes the mode that the
 * policy gives it, if it gives any; *skip false if it must not skip the dispatcher. With the lock
 * held.
 */
static int decide(const struct policy *policy, struct libxdp_attaching *attaching,
		  struct xdp_program *prog, int ifindex, enum xdp_attach_mode mode,
		  enum xdp_attach_mode *wanted, bool *skip)
{
	char tag[2 * BPF_TAG_SIZE + 1];
	struct policy_value asked = { .num = mode };
	struct state_place place;
	struct policy_value values[N_ATTRS];
	struct policy_subject subject = { 0 };
	struct policy_decision decision;
	const struct bpf_object *obj;
	struct libxdp_attached *note;

	get_values(prog, values);
	obj = describe(prog, &subject);
	if (obj)
		object__describe_author(obj, &subject);
	if (libxdp.fd(prog) >= 0)
		describe_tag(prog, &subject, tag);
	if (obj)
		describe_wishes(prog, obj, values, &subject);
	else
		describe_loaded(prog, values, &subject);
	state__describe_place(&subject, ifindex, &place);
	subject.app.has[ATTR_MODE] = mode != XDP_MODE_UNSPEC;
	subject.app.value[ATTR_MODE] = asked;
	/* what libxdp shall choose by itself is not known yet */
	subject.value[COND_MODE] = policy_mode__name(mode);
	note = note_sources(attaching, prog, obj, &subject);
	policy__resolve(policy, &subject, NULL, &decision);
	if (report__denial(policy, &subject, &decision))
		return -EACCES;
	attaching->differs |= enforce(prog, &subject, &decision, values, note);
	*skip = *skip && decision.attr[ATTR_DISPATCHER].value.num != DISPATCHER_REQUIRED;
	decide_mode(&subject, &decision, ifindex, asked, wanted);
	return 0;
}

/*
 * A dispatcher has one mode for all that it calls: if the policy wants several modes for programs
 * that are attached together, what it says of the last one holds. An opening that was left by a
 * jump may have taken what libxdp has opened since for its own: that is in *left.
 */
static int before_attach(struct libxdp_attaching *attaching, struct xdp_program **progs, size_t n,
			 int ifindex, enum xdp_attach_mode *mode, struct libxdp_opened *left)
{
	enum xdp_attach_mode wanted = *mode;
	bool skip = true, refused;
	struct policy *policy;
	int saved_errno = errno;
	int err = 0;

	policy = state__enter_attach(&refused);
	if (refused)
		err = -EACCES;
	if (policy && progs && bind_libxdp()) {
		attaching->program = calloc(n, sizeof(*attaching->program));
		for (size_t i = 0; i < n && !err; i++) {
			if (!progs[i])
				continue;
			keep_opened(left, libxdp.bpf_obj(progs[i]));
			err = decide(policy, attaching, progs[i], ifindex, *mode, &wanted, &skip);
		}
		attaching->no_skip = !err && !skip;
		if (attaching->no_skip)
			skip__hide();
	}
	if (policy)
		state__leave();
	if (attaching->no_skip)
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &attaching->cancel_state);
	*mode = wanted;
	errno = err ? -err : saved_errno;
	return err;
}

static void after_open(struct xdp_program *prog, struct libxdp_opened *opened)
{
	struct policy *policy;
	int saved_errno = errno;

	policy = libbpf_get_error(prog) ? NULL : state__enter();
	if (policy) {
		if (bind_libxdp())
			decide_open(policy, prog, opened);
		state__leave();
	}
	errno = saved_errno;
}

#define HOOK_OPEN(name, params, args)            \
	struct xdp_program *hook_##name params   \
	{                                        \
		struct libxdp_call outer, *call; \
		struct xdp_program *prog;        \
                                                 \
		if (IS_INNER())                  \
			return REAL(name) args;  \
		call = BEGIN_CALL(&outer);       \
		call->opened.wanted = true;      \
		prog = REAL(name) args;          \
		after_open(prog, &call->opened); \
		call__end(call, &outer);         \
		return prog;                     \
	}

HOOK_OPEN(xdp_program__from_bpf_obj, (struct bpf_object * obj, const char *section), (obj, section))
HOOK_OPEN(xdp_program__find_file,
	  (const char *file, const char *section, struct bpf_object_open_opts *opts),
	  (file, section, opts))
HOOK_OPEN(xdp_program__open_file,
	  (const char *file, const char *section, struct bpf_object_open_opts *opts),
	  (file, section, opts))
HOOK_OPEN(xdp_program__create, (struct xdp_program_opts * opts), (opts))

/* NULL if the call that this thread is in is not about that program. */
static struct libxdp_attached *find_note(const struct xdp_program *prog)
{
	struct libxdp_call *call = call__current();

	for (size_t i = 0; call && i < call->attaching.n; i++)
		if (call->attaching.program[i].prog == prog)
			return &call->attaching.program[i];
	return NULL;
}

/*
 * Whether the call that this thread is in has decided about these programs. It may have been left
 * by a jump, for one that is not hooked, such as xsk_socket__create(), which attaches one of its
 * own; and there may have been no policy then.
 */
static bool is_about(struct xdp_program *const *progs, size_t n)
{
	if (!call__current()->attaching.n)
		return false;
	for (size_t i = 0; i < n && progs; i++)
		if (!find_note(progs[i]))
			return false;
	return true;
}

int hook_xdp_program__attach(struct xdp_program *prog, int ifindex, enum xdp_attach_mode mode,
			     unsigned int flags)
{
	struct libxdp_call outer, *call;
	int err;

	if (IS_INNER() && is_about(&prog, 1))
		return REAL(xdp_program__attach)(prog, ifindex, mode, flags);
	call = BEGIN_CALL(&outer);
	err = before_attach(&call->attaching, &prog, 1, ifindex, &mode, &outer.opened);
	if (!err)
		err = REAL(xdp_program__attach)(prog, ifindex, mode, flags);
	call__end(call, &outer);
	return err;
}

int hook_xdp_program__attach_multi(struct xdp_program **progs, size_t n, int ifindex,
				   enum xdp_attach_mode mode, unsigned int flags)
{
	struct libxdp_call outer, *call;
	int err;

	if (IS_INNER() && is_about(progs, n))
		return REAL(xdp_program__attach_multi)(progs, n, ifindex, mode, flags);
	call = BEGIN_CALL(&outer);
	err = before_attach(&call->attaching, progs, n, ifindex, &mode, &outer.opened);
	if (!err)
		err = REAL(xdp_program__attach_multi)(progs, n, ifindex, mode, flags);
	call__end(call, &outer);
	return err;
}

/*
 * libxdp finds a program only in the mode that it is attached in, and the application names the one
 * that it asked for. Where the policy may have given another, now or to an earlier process, the
 * kernel is asked.
 */
static enum xdp_attach_mode before_detach(int ifindex, enum xdp_attach_mode mode)
{
	int saved_errno = errno;
	bool any = mode_changed;
	struct policy *policy;

	if (mode == XDP_MODE_UNSPEC)
		return mode;
	policy = any ? NULL : state__enter();
	if (policy) {
		any = policy__may_decide(policy, ATTR_MODE);
		state__leave();
	}
	if (any)
		mode = attached_mode(ifindex, mode);
	errno = saved_errno;
	return mode;
}

int hook_xdp_program__detach(struct xdp_program *prog, int ifindex, enum xdp_attach_mode mode,
			     unsigned int flags)
{
	struct libxdp_call outer, *call;
	int err;

	if (IS_INNER())
		return REAL(xdp_program__detach)(prog, ifindex, mode, flags);
	call = BEGIN_CALL(&outer);
	call->detaching = true;
	mode = before_detach(ifindex, mode);
	err = REAL(xdp_program__detach)(prog, ifindex, mode, flags);
	call__end(call, &outer);
	return err;
}

int hook_xdp_program__detach_multi(struct xdp_program **progs, size_t n, int ifindex,
				   enum xdp_attach_mode mode, unsigned int flags)
{
	struct libxdp_call outer, *call;
	int err;

	if (IS_INNER())
		return REAL(xdp_program__detach_multi)(progs, n, ifindex, mode, flags);
	call = BEGIN_CALL(&outer);
	call->detaching = true;
	mode = before_detach(ifindex, mode);
	err = REAL(xdp_program__detach_multi)(progs, n, ifindex, mode, flags);
	call__end(call, &outer);
	return err;
}

static void drop_program(const void *prog)
{
	enforced__drop(prog);
}

void hook_xdp_program__close(struct xdp_program *prog)
{
	struct libxdp_attached *note;
	int saved_errno = errno;

	while (prog && (note = find_note(prog)))
		note->prog = NULL; /* another one may be made in its place */
	if (enforced__any())	   /* ours is among them, or nobody can put it there now */
		state__do(drop_program, prog);
	errno = saved_errno;
	REAL(xdp_program__close)(prog);
}
