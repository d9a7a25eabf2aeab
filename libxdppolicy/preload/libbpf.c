// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hooks in front of libbpf. libxdp, in whatever version and even if it is linked into the
 * application, learns a program's run config by bpf_object__btf(): it is shown a copy that says
 * what the policy says. What the application sets afterwards by itself, inside a static libxdp, is
 * out of reach here.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "chain/proginfo.h"
#include "chain/runcfg.h"
#include "enforced.h"
#include "joining.h"
#include "object.h"
#include "report.h"
#include "state.h"
#include "thread.h"

/* What an opening of libxdp has opened, whose hook keeps its path. */
static void note_opened(struct libxdp_opened *opened, const struct bpf_object *obj, char *path)
{
	if (opened->path)
		object__lose_path(opened->path);
	opened->path = path;
	opened->obj = obj;
}

/* An object that is closed before that. */
static void forget_opened(const struct bpf_object *obj)
{
	struct libxdp_call *call = call__current();

	if (!call || call->opened.obj != obj)
		return;
	free(call->opened.path);
	call->opened.path = NULL;
	call->opened.obj = NULL;
}

struct bpf_object *hook_bpf_object__open_file(const char *path,
					      const struct bpf_object_open_opts *opts)
{
	bool inner = IS_INNER();
	struct bpf_object *obj = REAL(bpf_object__open_file)(path, opts);
	int saved_errno = errno;

	if (path && !libbpf_get_error(obj)) {
		char *kept = object__keep_path(path);

		if (inner && call__current()->opened.wanted) {
			note_opened(&call__current()->opened, obj, kept);
		} else if (state__lock()) {
			object__set_path(obj, kept);
			state__unlock();
		} else {
			object__lose_path(kept);
		}
	}
	errno = saved_errno;
	return obj;
}

static void drop_enforced(const void *obj)
{
	enforced__drop_of(obj);
}

void hook_bpf_object__close(struct bpf_object *obj)
{
	int saved_errno = errno;
	bool is_ours = true;

	/* out of what is noted before the address can be another object's */
	if (obj)
		forget_opened(obj);
	if (obj && enforced__any())
		state__do(drop_enforced, obj);
	if (obj && object__any())
		is_ours = object__close(obj);
	errno = saved_errno;
	if (is_ours)
		REAL(bpf_object__close)(obj);
}

/* Whether the policy wants other values for prog than libxdp would find in its BTF. */
static bool wants_override(const struct policy *policy, const struct bpf_object *obj,
			   const struct bpf_program *prog, struct runcfg_override *ret)
{
	static const struct policy_resolve_opts opts = { .attrs = POLICY_RUN_ATTRS };
	struct policy_subject subject = { .app.unknown = true };
	struct policy_decision decision;
	const struct policy_result *result = decision.attr;
	struct report report;

	if (!program__is_attachable(prog))
		return false;
	state__describe(&subject);
	object__describe(obj, prog, &subject);
	object__describe_author(obj, &subject);
	policy__resolve(policy, &subject, &opts, &decision);
	ret->program = bpf_program__name(prog);
	ret->priority = result[ATTR_PRIORITY].value.num;
	ret->actions = result[ATTR_ACTIONS].value.num;

	report__start(&report, &subject, &decision);
	report__change(&report, ATTR_PRIORITY, policy_subject__own(&subject, ATTR_PRIORITY));
	report__change(&report, ATTR_ACTIONS, policy_subject__own(&subject, ATTR_ACTIONS));
	return report__send(&report, "");
}

static struct btf *make_shown(const struct policy *policy, const struct bpf_object *obj,
			      const struct btf *btf)
{
	struct runcfg_override *overrides;
	struct bpf_program *prog;
	struct btf *shown = NULL;
	size_t n = 0, size = 0;

	bpf_object__for_each_program(prog, obj)
		size++;
	overrides = calloc(size ? size : 1, sizeof(*overrides));
	if (!overrides)
		return NULL;
	bpf_object__for_each_program(prog, obj)
		n += wants_override(policy, obj, prog, &overrides[n]);
	if (n && runcfg__override(btf, overrides, n, &shown))
		state__log(LOG_ERR, "%s: its BTF cannot be copied, values left as they are",
			   bpf_object__name(obj));
	free(overrides);
	return shown;
}

struct btf *hook_bpf_object__btf(const struct bpf_object *obj)
{
	struct btf *btf = REAL(bpf_object__btf)(obj);
	int saved_errno = errno;
	struct policy *policy;
	struct object *object;

	/* a shared libxdp's own opening: its hook sets the values, which costs no copy */
	if (!btf || IS_INNER() || object__is_dispatcher(obj))
		return btf;
	policy = state__enter();
	if (policy) {
		object = object__get(obj);
		/* decided once for an object, so that all who ask are told the same */
		if (object && object->btf != btf) {
			btf__free(object->shown);
			object->btf = btf;
			object->shown = make_shown(policy, obj, btf);
		}
		if (object && object->shown)
			btf = object->shown;
		state__leave();
	}
	errno = saved_errno;
	return btf;
}

/* Whether the policy forbids the subject on an interface. */
static bool is_denied(const struct policy *policy, struct policy_subject *subject, int ifindex)
{
	struct policy_decision decision;
	struct state_place place;

	state__describe(subject);
	state__describe_place(subject, ifindex, &place);
	policy__resolve(policy, subject, NULL, &decision);
	return report__denial(policy, subject, &decision);
}

static int refuse(void)
{
	errno = EACCES;
	return -EACCES;
}

/* Whether fd is an XDP program: replacing a function of another kind is none of our business. */
static bool is_xdp_fd(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == BPF_PROG_TYPE_XDP;
}

/*
 * Where a static libxdp puts a program into a dispatcher. Refusing here, and not the attach of the
 * dispatcher, leaves no pins behind and lets others be unloaded.
 */
int hook_bpf_program__set_attach_target(struct bpf_program *prog, int fd, const char *name)
{
	const struct thread *thread = thread__get();
	struct policy_subject subject = { 0 };
	struct policy *policy = NULL;
	int saved_errno = errno;
	const struct object *object;
	bool denied = false;

	if (!IS_INNER() && fd > 0 && prog && program__is_attachable(prog) && is_xdp_fd(fd))
		policy = state__enter_attach(&denied);
	if (policy) {
		object = object__of(prog);
		if (object && !object__is_dispatcher(object->key)) {
			object__describe(object->key, prog, &subject);
			denied = is_denied(policy, &subject, thread ? thread->queried_ifindex : 0);
		}
		state__leave();
	}
	if (denied)
		return refuse();
	errno = saved_errno;
	return REAL(bpf_program__set_attach_target)(prog, fd, name);
}

int hook_bpf_xdp_query(int ifindex, int flags, struct bpf_xdp_query_opts *opts)
{
	struct thread *thread = thread__make();

	if (thread)
		thread->queried_ifindex = ifindex;
	return REAL(bpf_xdp_query)(ifindex, flags, opts);
}

/* What the kernel says of what is not even there, or of another kind. */
static bool is_none(int err)
{
	return err == -EBADF || err == -EINVAL;
}

/*
 * Whether fd is a program without a dispatcher, and denied there. The subject has what is known of
 * the attach. A sandbox may keep the kernel from saying which program it is.
 */
static bool is_denied_fd(const struct policy *policy, int ifindex, int fd,
			 struct policy_subject *subject)
{
	struct proginfo info;
	int err = proginfo__read(fd, &info);

	if (is_none(err) || !strcmp(info.name, "xdp_dispatcher"))
		return false;
	if (err) {
		subject->withheld |= 1U << COND_PROGRAM | 1U << COND_TAG | 1U << COND_SECTION |
				     1U << COND_OBJECT;
	} else {
		proginfo__describe(&info, subject);
		object__describe_loaded(info.id, subject);
	}
	return is_denied(policy, subject, ifindex);
}

/* Whether fd must not be attached to the interface by a link. */
static bool refuses(int ifindex, int fd, struct policy_subject *subject)
{
	int saved_errno = errno;
	struct policy *policy;
	bool denied;

	policy = state__enter_attach(&denied);
	if (policy) {
		denied = is_denied_fd(policy, ifindex, fd, subject);
		state__leave();
	}
	errno = saved_errno;
	return denied;
}

/* Detaching (fd of -1) always passes, as does a shared libxdp that detaches one of several. */
int hook_bpf_xdp_attach(int ifindex, int fd, __u32 flags, const struct bpf_xdp_attach_opts *opts)
{
	const struct libxdp_call *call = call__current();
	/* decided already; not if there was no policy then */
	bool inner = IS_INNER() && (call->attaching.n || call->detaching);
	bool denied = false, stands_in = false, locked;
	struct policy_subject subject = {
		.value[COND_MODE] = policy_mode__name(joining__mode(flags)),
	};
	struct policy *policy = NULL;
	int err = -EACCES, saved_errno = errno;
	struct joining joining;

	if (fd >= 0 && !inner)
		policy = state__enter_attach(&denied);
	else if (fd >= 0 && call->attaching.n)
		policy = state__enter();
	if (policy) {
		denied = !inner && is_denied_fd(policy, ifindex, fd, &subject);
		if (!denied) {
			joining__begin(&joining, policy, inner, ifindex, fd, flags, opts);
			denied = joining.denied;
			if (denied)
				joining__end(&joining, false, false);
		}
		state__leave();
	}
	if (denied)
		return refuse();
	if (policy)
		joining__build(&joining);
	errno = saved_errno;
	if (policy && joining.stand_in) {
		err = REAL(bpf_xdp_attach)(ifindex, stand_in__fd(joining.stand_in), flags, opts);
		stands_in = !err;
	}
	if (!stands_in)
		err = REAL(bpf_xdp_attach)(ifindex, fd, flags, opts);
	if (policy && (err || joining.stand_in)) {
		saved_errno = errno;
		locked = state__lock();
		joining__end(&joining, stands_in, !err);
		if (locked)
			state__unlock();
		errno = saved_errno;
	}
	return err;
}

/* libbpf's bpf_program__attach_xdp() comes here, too. */
int hook_bpf_link_create(int fd, int target, enum bpf_attach_type type,
			 const struct bpf_link_create_opts *opts)
{
	struct policy_subject subject = { 0 };

	if (opts && opts->sz >= offsetof(struct bpf_link_create_opts, flags) + sizeof(opts->flags))
		subject.value[COND_MODE] = policy_mode__name(joining__mode(opts->flags));
	if (type == BPF_XDP && refuses(target, fd, &subject))
		return refuse();
	return REAL(bpf_link_create)(fd, target, type, opts);
}

/*
 * The interface that a link attaches to; 0 of another kind of link, or one whose interface is gone;
 * negative if it cannot be known.
 */
static int link_ifindex(int link)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &len))
		return is_none(-errno) ? 0 : -1;
	return info.type == BPF_LINK_TYPE_XDP ? (int)info.xdp.ifindex : 0;
}

/* Another program for a link, as bpf_link__update_program() does. */
int hook_bpf_link_update(int link, int fd, const struct bpf_link_update_opts *opts)
{
	/* the mode was asked for when it was created */
	struct policy_subject subject = { .withheld = 1U << COND_MODE };
	int saved_errno = errno, ifindex = link_ifindex(link);
	char name[IF_NAMESIZE];

	/* it may be in another network namespace */
	if (ifindex && !if_indextoname(ifindex, name))
		subject.withheld |= 1U << COND_INTERFACE | 1U << COND_DRIVER;
	errno = saved_errno;
	if (ifindex && refuses(ifindex, fd, &subject))
		return refuse();
	return REAL(bpf_link_update)(link, fd, opts);
}
