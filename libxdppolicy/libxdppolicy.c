// SPDX-License-Identifier: LGPL-2.1-or-later
/* The public interface: what policy/ does, with a lock, and in structures that may grow. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libxdppolicy-internal.h"

/* The public numbers are policy/'s own. */
_Static_assert((int)XDP_POLICY_PRIORITY == ATTR_PRIORITY &&
		       (int)XDP_POLICY_CHAIN_CALL_ACTIONS == ATTR_ACTIONS &&
		       (int)XDP_POLICY_ATTACH == ATTR_ATTACH &&
		       (int)XDP_POLICY_DISPATCHER == ATTR_DISPATCHER &&
		       XDP_POLICY_N_ATTRS == N_ATTRS,
	       "attributes");
_Static_assert((int)XDP_POLICY_ALLOW == ATTACH_ALLOW && (int)XDP_POLICY_DENY == ATTACH_DENY,
	       "verdicts");
_Static_assert((int)XDP_POLICY_SUCCESS == STATUS_SUCCESS &&
		       (int)XDP_POLICY_NOTFOUND == STATUS_NOTFOUND &&
		       (int)XDP_POLICY_UNAVAIL == STATUS_UNAVAIL &&
		       (int)XDP_POLICY_TRYAGAIN == STATUS_TRYAGAIN,
	       "statuses");
_Static_assert((int)XDP_POLICY_ERROR == POLICY_ERROR && (int)XDP_POLICY_WARNING == POLICY_WARNING &&
		       (int)XDP_POLICY_INFO == POLICY_INFO,
	       "levels");

/* what messages and places call the file of the caller's rules */
#define MEMORY "<memory>"

/* what messages call a subject that somebody asks for */
#define SUBJECT "<subject>"

struct xdp_policy {
	struct policy *policy;
	/*
	 * Held while the files are looked at, and so while messages are told. Not while something
	 * is decided: that reads a state which does not change.
	 */
	pthread_mutex_t lock;
	xdp_policy_message_fn message;
	void *message_ctx;
};

struct xdp_policy_decision {
	struct policy_state *state; /* has all strings */
	struct policy_decision result;
	struct xdp_policy_answer winner[N_ATTRS];
	struct xdp_policy_answer *answer;
	size_t n, size;
	bool no_memory;
};

bool api__is_error(const void *ptr)
{
	return (uintptr_t)ptr >= (uintptr_t)-4095;
}

int api__fail(int err)
{
	errno = -err;
	return err;
}

static void *fail_ptr(int err)
{
	return (void *)(intptr_t)api__fail(err);
}

int xdp_policy__get_error(const void *ptr)
{
	if (!ptr)
		return -EINVAL;
	return api__is_error(ptr) ? (int)(intptr_t)ptr : 0;
}

int api__take(void *to, size_t to_size, const void *from, size_t from_size)
{
	const unsigned char *bytes = from;

	if (!from || from_size < sizeof(size_t) || from_size % sizeof(size_t))
		return -EINVAL;
	for (size_t i = to_size; i < from_size; i++)
		if (bytes[i])
			return -E2BIG;
	memset(to, 0, to_size);
	memcpy(to, from, from_size < to_size ? from_size : to_size);
	return 0;
}

ENDS_WITH(struct xdp_policy_open_opts, message_ctx);
ENDS_WITH(struct xdp_policy_resolve_opts, reserved);
ENDS_WITH(struct xdp_policy_subject, btf);
ENDS_WITH(struct xdp_policy_rule, order_step);

static void tell(void *ctx, enum policy_level level, const char *file, unsigned int line,
		 const char *text)
{
	const struct xdp_policy *policy = ctx;

	policy->message(policy->message_ctx, (enum xdp_policy_level)level, file, line, text);
}

/* --- rules in memory --- */

static const struct member {
	size_t offset;
	enum policy_key_kind kind;
	int id;
} members[] = {
#define MEMBER(name, kind, id)                                   \
	{                                                        \
		offsetof(struct xdp_policy_rule, name), kind, id \
	}
	MEMBER(program, KEY_COND, COND_PROGRAM),
	MEMBER(section, KEY_COND, COND_SECTION),
	MEMBER(object, KEY_COND, COND_OBJECT),
	MEMBER(tag, KEY_COND, COND_TAG),
	MEMBER(executable, KEY_COND, COND_EXECUTABLE),
	MEMBER(user, KEY_COND, COND_USER),
	MEMBER(unit, KEY_COND, COND_UNIT),
	MEMBER(host, KEY_COND, COND_HOST),
	MEMBER(interface, KEY_COND, COND_INTERFACE),
	MEMBER(driver, KEY_COND, COND_DRIVER),
	MEMBER(mode, KEY_COND, COND_MODE),
	MEMBER(priority, KEY_ATTR, ATTR_PRIORITY),
	MEMBER(chain_call_actions, KEY_ATTR, ATTR_ACTIONS),
	MEMBER(attach, KEY_ATTR, ATTR_ATTACH),
	MEMBER(attach_mode, KEY_ATTR, ATTR_MODE),
	MEMBER(dispatcher, KEY_ATTR, ATTR_DISPATCHER),
	MEMBER(order, KEY_ORDER, ORDER_LIST),
	MEMBER(order_start, KEY_ORDER, ORDER_START),
	MEMBER(order_step, KEY_ORDER, ORDER_STEP),
#undef MEMBER
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

/* all but the name */
_Static_assert(N_MEMBERS == sizeof(struct xdp_policy_rule) / sizeof(char *) - 1, "members");

static const struct policy_key *key_of(const struct member *member)
{
	switch (member->kind) {
	case KEY_COND:
		return policy_key__cond(member->id);
	case KEY_ATTR:
		return policy_key__attr(member->id);
	case KEY_ORDER:
		break;
	}
	return policy_key__order(member->id);
}

/* Returns 0, -ENOMEM, or -EINVAL after a message for each member that is wrong. */
static int take_rule(struct policy_rules *rules, const struct xdp_policy_rule *from,
		     unsigned int number, const struct policy_log *log)
{
	const char *name = from->name ? from->name : "";
	struct policy_rule *rule;
	char err[POLICY_ERROR_SIZE];
	int rc;

	rc = policy_name__check(name, err, sizeof(err));
	if (rc)
		policy_log__msg(log, POLICY_ERROR, MEMORY, number, "%s", err);
	rule = policy_rules__add(rules, name, number);
	if (!rule)
		return -ENOMEM;
	for (const struct member *m = members; m < members + N_MEMBERS; m++) {
		const char *text = *(const char *const *)((const char *)from + m->offset);
		int set_rc = 0;

		if (text)
			set_rc = policy_rule__set(rule, key_of(m), text, false, number, err,
						  sizeof(err));
		if (set_rc == -ENOMEM)
			return set_rc;
		if (set_rc)
			policy_log__msg(log, POLICY_ERROR, MEMORY, number, "%s", err);
		rc = rc ? rc : set_rc;
	}
	if (rc) /* what is missing may be what is wrong */
		return rc;
	rc = policy_rule__finish(rule, err, sizeof(err));
	if (rc)
		policy_log__msg(log, POLICY_ERROR, MEMORY, number, "%s", err);
	return rc;
}

/* Returns 0, -ENOMEM, -E2BIG, or -EINVAL after all that is wrong was told. */
static int take_rules(struct policy_rules *rules, const struct xdp_policy_open_opts *opts,
		      const struct policy_log *log)
{
	int ret = 0;

	rules->file = strdup(MEMORY);
	if (!rules->file)
		return -ENOMEM;
	for (size_t i = 0; i < opts->n_rules; i++) {
		const char *from = (const char *)opts->rules + i * opts->rule_sz;
		struct xdp_policy_rule rule;
		int rc;

		rc = api__take(&rule, sizeof(rule), opts->rules ? from : NULL, opts->rule_sz);
		if (rc)
			return rc;
		rc = take_rule(rules, &rule, i + 1, log);
		if (rc == -ENOMEM)
			return rc;
		ret = ret ? ret : rc;
	}
	return ret;
}

/* --- policies --- */

static int open_policy(struct xdp_policy *policy, const struct xdp_policy_open_opts *opts)
{
	struct policy_rules rules = { 0 };
	struct policy_opts inner = {
		.root = opts->root,
		.switch_text = opts->switch_text,
		.memory = &rules,
		.no_files = opts->flags & XDP_POLICY_F_NO_FILES,
	};
	int rc;

	policy->message = opts->message;
	policy->message_ctx = opts->message_ctx;
	if (opts->message)
		inner.log = (struct policy_log){ .fn = tell, .ctx = policy };
	rc = take_rules(&rules, opts, &inner.log);
	if (!rc)
		rc = policy__open(&inner, &policy->policy);
	/* empty if the policy has taken them */
	policy_rules__clear(&rules);
	free(rules.file);
	return rc;
}

struct xdp_policy *xdp_policy__open(const struct xdp_policy_open_opts *opts)
{
	struct xdp_policy_open_opts known = { 0 };
	struct xdp_policy *policy;
	int saved = errno, rc;

	rc = opts ? api__take(&known, sizeof(known), opts, opts->sz) : 0;
	if (!rc && known.flags & ~XDP_POLICY_F_NO_FILES)
		rc = -EINVAL;
	if (rc)
		return fail_ptr(rc);
	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return fail_ptr(-ENOMEM);
	rc = open_policy(policy, &known);
	if (rc) {
		free(policy);
		return fail_ptr(rc);
	}
	pthread_mutex_init(&policy->lock, NULL);
	errno = saved;
	return policy;
}

void xdp_policy__close(struct xdp_policy *policy)
{
	int saved = errno;

	if (!policy || api__is_error(policy))
		return;
	policy__close(policy->policy);
	pthread_mutex_destroy(&policy->lock);
	free(policy);
	errno = saved;
}

int xdp_policy__reload(struct xdp_policy *policy)
{
	int saved = errno, rc;

	if (!policy || api__is_error(policy))
		return api__fail(-EINVAL);
	pthread_mutex_lock(&policy->lock);
	rc = policy__reload(policy->policy);
	pthread_mutex_unlock(&policy->lock);
	if (rc < 0)
		return api__fail(rc);
	errno = saved;
	return 0;
}

/* What the files say now; what they said before, if there is no memory to load them. */
static struct policy_state *get_state(struct xdp_policy *policy)
{
	struct policy_state *state;

	pthread_mutex_lock(&policy->lock);
	policy__refresh(policy->policy);
	state = policy->policy->state;
	state->refs++;
	pthread_mutex_unlock(&policy->lock);
	return state;
}

void api__hold(struct xdp_policy *policy, struct policy *ret)
{
	struct policy_state *state = get_state(policy);

	/* what is no part of the state does not change; but plug-ins are added */
	pthread_mutex_lock(&policy->lock);
	*ret = *policy->policy;
	pthread_mutex_unlock(&policy->lock);
	ret->state = state;
}

void api__put(struct policy *held)
{
	policy_state__put(held->state);
}

unsigned int xdp_policy__n_errors(struct xdp_policy *policy)
{
	struct policy_state *state;
	unsigned int n_errors;
	int saved = errno;

	if (!policy || api__is_error(policy))
		return 0;
	state = get_state(policy);
	n_errors = state->n_errors;
	policy_state__put(state);
	errno = saved;
	return n_errors;
}

/* --- decisions --- */

void api__take_known(struct policy_known *to, const struct xdp_policy_known *from)
{
	to->unknown = !from;
	if (!from)
		return;
	for_each_attr(attr) {
		to->has[attr] = from->has & 1U << attr;
		to->value[attr].num = to->has[attr] ? from->num[attr] : 0;
	}
}

static void tell_ignored(struct xdp_policy *policy, const char *name, enum policy_source source,
			 const struct xdp_policy_known *known)
{
	for_each_attr(attr) {
		char text[100];

		if (!policy->message || !known || !(known->has & 1U << attr) ||
		    policy_source__may_answer(source, attr))
			continue;
		snprintf(text, sizeof(text),
			 "found %s from source %s, which never has an answer for it; it is ignored",
			 policy_key__attr(attr)->name, name);
		pthread_mutex_lock(&policy->lock);
		policy->message(policy->message_ctx, XDP_POLICY_WARNING, SUBJECT, 0, text);
		pthread_mutex_unlock(&policy->lock);
	}
}

static int take_subject(struct xdp_policy *policy, struct policy_subject *to,
			const struct xdp_policy_subject *from)
{
	struct xdp_policy_subject s;
	int rc;

	rc = from ? api__take(&s, sizeof(s), from, from->sz) : -EINVAL;
	if (rc)
		return rc;
	*to = (struct policy_subject){
		.value = {
			[COND_PROGRAM] = s.program,
			[COND_SECTION] = s.section,
			[COND_OBJECT] = s.object,
			[COND_TAG] = s.tag,
			[COND_EXECUTABLE] = s.executable,
			[COND_USER] = s.user,
			[COND_UNIT] = s.unit,
			[COND_HOST] = s.host,
			[COND_INTERFACE] = s.interface,
			[COND_DRIVER] = s.driver,
			[COND_MODE] = s.mode,
		},
		.uid = s.uid,
	};
	api__take_known(&to->app, s.app);
	api__take_known(&to->btf, s.btf);
	tell_ignored(policy, "app", SOURCE_APP, s.app);
	tell_ignored(policy, "btf", SOURCE_BTF, s.btf);
	return 0;
}

static struct xdp_policy_value public_value(const struct policy_value *value)
{
	if (!value->relative)
		return (struct xdp_policy_value){ .num = value->num };
	return (struct xdp_policy_value){ .add = value->add, .del = value->del, .relative = 1 };
}

static void set_place(struct xdp_policy_answer *answer, const struct policy_place *place)
{
	answer->file = place->file;
	answer->line = place->line;
	answer->rule = place->rule && *place->rule ? place->rule : NULL;
	answer->place = place->nth;
}

static void keep_answer(void *ctx, const struct policy_trace *trace)
{
	struct xdp_policy_decision *decision = ctx;
	struct xdp_policy_answer *answer;

	if (decision->n == decision->size && !decision->no_memory) {
		size_t size = decision->size ? decision->size * 2 : 16;

		answer = reallocarray(decision->answer, size, sizeof(*answer));
		decision->no_memory = !answer;
		if (answer) {
			decision->answer = answer;
			decision->size = size;
		}
	}
	if (decision->no_memory)
		return;
	answer = &decision->answer[decision->n++];
	*answer = (struct xdp_policy_answer){
		.sz = sizeof(*answer),
		.attr = (enum xdp_policy_attr)trace->attr,
		.source = trace->source,
		.status = (enum xdp_policy_status)trace->status,
		.counts = trace->counts,
		.has_value = trace->value != NULL,
		.note = trace->note,
	};
	if (trace->value)
		answer->value = public_value(trace->value);
	set_place(answer, &trace->place);
}

static void set_winner(struct xdp_policy_decision *decision, enum policy_attr attr)
{
	const struct policy_result *result = &decision->result.attr[attr];
	struct xdp_policy_answer *winner = &decision->winner[attr];
	struct policy_place place;

	if (!result->found)
		return;
	*winner = (struct xdp_policy_answer){
		.sz = sizeof(*winner),
		.attr = (enum xdp_policy_attr)attr,
		.source = result->source,
		.status = XDP_POLICY_SUCCESS,
		.counts = 1,
		.has_value = 1,
		.value = public_value(&result->value),
	};
	place = policy_origin__place(&result->origin, attr);
	set_place(winner, &place);
}

static void decide(struct xdp_policy *policy, const struct policy_subject *subject, uint32_t flags,
		   struct xdp_policy_decision *decision)
{
	struct policy_resolve_opts opts = {
		.unknown_undecided = flags & XDP_POLICY_F_UNDECIDED,
	};

	if (flags & XDP_POLICY_F_TRACE) {
		opts.trace = keep_answer;
		opts.trace_ctx = decision;
	}
	decision->state = get_state(policy);
	policy_state__resolve(policy->policy, decision->state, subject, &opts, &decision->result);
	for_each_attr(attr)
		set_winner(decision, attr);
}

struct xdp_policy_decision *xdp_policy__resolve(struct xdp_policy *policy,
						const struct xdp_policy_subject *subject,
						const struct xdp_policy_resolve_opts *opts)
{
	struct xdp_policy_resolve_opts known = { 0 };
	struct xdp_policy_decision *decision;
	struct policy_subject inner;
	int saved = errno, rc;

	rc = policy && !api__is_error(policy) ? take_subject(policy, &inner, subject) : -EINVAL;
	if (!rc && opts)
		rc = api__take(&known, sizeof(known), opts, opts->sz);
	if (!rc && (known.reserved || known.flags & ~(XDP_POLICY_F_TRACE | XDP_POLICY_F_UNDECIDED)))
		rc = -EINVAL;
	if (rc)
		return fail_ptr(rc);
	decision = calloc(1, sizeof(*decision));
	if (!decision)
		return fail_ptr(-ENOMEM);
	decide(policy, &inner, known.flags, decision);
	if (decision->no_memory) {
		xdp_policy_decision__free(decision);
		return fail_ptr(-ENOMEM);
	}
	errno = saved;
	return decision;
}

void xdp_policy_decision__free(struct xdp_policy_decision *decision)
{
	int saved = errno;

	if (!decision || api__is_error(decision))
		return;
	policy_state__put(decision->state);
	free(decision->answer);
	free(decision);
	errno = saved;
}

/* NULL if there is no such decision or no such attribute. */
static const struct policy_result *result_of(const struct xdp_policy_decision *decision,
					     enum xdp_policy_attr attr)
{
	if (!decision || api__is_error(decision) || (unsigned int)attr >= N_ATTRS)
		return NULL;
	return &decision->result.attr[attr];
}

int xdp_policy_decision__value(const struct xdp_policy_decision *decision,
			       enum xdp_policy_attr attr, struct xdp_policy_value *value)
{
	const struct policy_result *result = result_of(decision, attr);

	if (!result || !value)
		return api__fail(-EINVAL);
	if (result->undecided)
		return api__fail(-EAGAIN);
	*value = public_value(&result->value);
	return result->found;
}

const struct xdp_policy_answer *xdp_policy_decision__winner(
	const struct xdp_policy_decision *decision, enum xdp_policy_attr attr)
{
	const struct policy_result *result = result_of(decision, attr);

	return result && result->found ? &decision->winner[attr] : NULL;
}

const struct xdp_policy_answer *xdp_policy_decision__next(
	const struct xdp_policy_decision *decision, const struct xdp_policy_answer *previous)
{
	size_t i = 0;

	if (!decision || api__is_error(decision))
		return NULL;
	if (previous)
		i = previous - decision->answer + 1;
	return i < decision->n ? &decision->answer[i] : NULL;
}

uint32_t xdp_policy_decision__flags(const struct xdp_policy_decision *decision)
{
	const struct policy_state *state;
	uint32_t flags = 0;

	if (!decision || api__is_error(decision))
		return 0;
	state = decision->state;
	if (state->files.disabled)
		flags |= XDP_POLICY_DISABLED;
	if (state->sw.deny_on_error && state->n_errors)
		flags |= XDP_POLICY_DENY_ALL;
	return flags;
}

/* --- words --- */

const char *xdp_policy_attr__name(enum xdp_policy_attr attr)
{
	return (unsigned int)attr < N_ATTRS ? policy_key__attr((enum policy_attr)attr)->name : NULL;
}

int xdp_policy_value__print(enum xdp_policy_attr attr, const struct xdp_policy_value *value,
			    char *buf, size_t size)
{
	struct policy_value inner;
	char text[POLICY_VALUE_SIZE];

	if (buf && size)
		*buf = '\0';
	if (!buf || !value || (unsigned int)attr >= N_ATTRS ||
	    !policy_value__from_public((enum policy_attr)attr, value, &inner))
		return api__fail(-EINVAL);
	policy_value__print((enum policy_attr)attr, &inner, text, sizeof(text));
	return snprintf(buf, size, "%s", text) < (int)size ? 0 : api__fail(-ENOSPC);
}
