// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chain/netdev.h"
#include "chain/remarks.h"
#include "util/ifinfo.h"
#include "wish.h"

static struct policy_value mode_value(const char *mode)
{
	struct policy_value value = policy_value__default(ATTR_MODE);
	char err[POLICY_ERROR_SIZE];

	if (mode)
		policy_value__parse(ATTR_MODE, mode, &value, err, sizeof(err));
	return value;
}

/*
 * Whether the live program is not as the policy wants it; any mode is right for "auto". Of a policy
 * that is not whole only what a rule gives counts.
 */
static bool is_drift(const struct policy *policy, const struct wish_program *program,
		     enum policy_attr attr)
{
	const struct policy_result *result = &program->decision.attr[attr];

	if (policy__n_errors(policy) && !policy_origin__is_rule(&result->origin))
		return false;
	if (result->undecided || (attr == ATTR_MODE && result->value.num == MODE_AUTO))
		return false;
	return result->value.num != program->live[attr].num;
}

static const char *missing_name(const struct policy_subject *subject)
{
	if (!subject->value[COND_PROGRAM])
		return "the program's name, which the kernel does not have";
	return subject->name_cut ? "the full name; the kernel shows 15 characters" : NULL;
}

/* The facts that the programs of a chain have in common. */
struct wish_place {
	const char *host, *ifname, *driver;
	char *altnames;
};

static void decide(const struct policy *policy, const struct wish_place *place,
		   const struct record_dirs *dirs, const struct chain *chain, unsigned int i,
		   struct wish_program *ret)
{
	static const struct policy_resolve_opts opts = { .unknown_undecided = true };
	const struct chain_program *p = &chain->program[i];
	const bool chains = chain->kind == CHAIN_DISPATCHER;
	struct policy_subject subject = {
		.value = {
			[COND_INTERFACE] = place->ifname,
			[COND_HOST] = place->host,
			[COND_DRIVER] = place->driver,
			[COND_MODE] = chain->mode,
		},
		.altnames = place->altnames,
		.app.unknown = true,
		.btf = runcfg__known(&p->info.author),
	};

	*ret = (struct wish_program){
		.live = {
			[ATTR_PRIORITY] = { .num = p->priority },
			[ATTR_ACTIONS] = { .num = p->actions },
			[ATTR_ATTACH] = { .num = ATTACH_ALLOW },
			[ATTR_MODE] = mode_value(chain->mode),
		},
		.known = {
			[ATTR_PRIORITY] = chains,
			[ATTR_ACTIONS] = chains,
			[ATTR_ATTACH] = true,
			[ATTR_MODE] = chain->mode,
			[ATTR_DISPATCHER] = true,
		},
	};
	proginfo__describe(&p->info, &subject);
	record__read(dirs, &p->info, &ret->record);
	if (chains) /* a lone one has no values */
		record__see_first(&ret->record, p);
	record__describe(&ret->record, &subject);
	ret->name = missing_name(&subject);
	policy__resolve(policy, &subject, &opts, &ret->decision);
	/* one that is there cannot be wrong */
	if (chains)
		ret->live[ATTR_DISPATCHER] = ret->decision.attr[ATTR_DISPATCHER].value;
	for_each_attr(attr)
		ret->drift[attr] = is_drift(policy, ret, attr);
	if (!chains)
		ret->drift[ATTR_PRIORITY] = ret->drift[ATTR_ACTIONS] = false;
}

/* Whether a rule states what only a dispatcher can hold. */
static bool is_ruled(const struct wish_program *program)
{
	const struct policy_result *result = program->decision.attr;

	return policy_origin__is_rule(&result[ATTR_PRIORITY].origin) ||
	       policy_origin__is_rule(&result[ATTR_ACTIONS].origin);
}

static uint32_t wanted(const struct wish_program *program, enum policy_attr attr)
{
	return program->drift[attr] ? program->decision.attr[attr].value.num :
				      program->live[attr].num;
}

void wish__want(const struct wish *wish, bool enforce_deny, struct chain_want want[CHAIN_MAX])
{
	for (unsigned int i = 0; i < wish->n; i++)
		want[i] = (struct chain_want){
			.priority = wanted(&wish->program[i], ATTR_PRIORITY),
			.actions = wanted(&wish->program[i], ATTR_ACTIONS),
			.remove = enforce_deny && wish->program[i].drift[ATTR_ATTACH],
		};
}

void wish__decide(const struct policy *policy, const char *host, const char *ifname,
		  const struct chain *chain, struct wish *ret)
{
	struct wish_place place = { .host = host, .ifname = ifname };
	char driver[NETDEV_DRIVER_SIZE];
	struct record_dirs dirs;

	*ret = (struct wish){ .n = chain->n };
	if (policy__conds(policy) & 1U << COND_DRIVER)
		place.driver = netdev__driver(ifname, driver);
	if (chain->n && policy__conds(policy) & 1U << COND_INTERFACE)
		ifinfo__list_altnames(chain->ifindex, &place.altnames);
	record_dirs__open(&dirs);
	for (unsigned int i = 0; i < chain->n; i++) {
		struct wish_program *program = &ret->program[i];

		decide(policy, &place, &dirs, chain, i, program);
		for_each_attr(attr)
			ret->drift = ret->drift || program->drift[attr];
		ret->deny = ret->deny || program->drift[ATTR_ATTACH];
		ret->moot = ret->moot || (chain->kind != CHAIN_DISPATCHER && is_ruled(program));
		ret->rewrite = ret->rewrite || program->drift[ATTR_PRIORITY] ||
			       program->drift[ATTR_ACTIONS];
	}
	record_dirs__close(&dirs);
	free(place.altnames);
}

void wish__clear(struct wish *wish)
{
	for (unsigned int i = 0; i < wish->n; i++)
		record__clear(&wish->program[i].record);
	wish->n = 0;
}

void wish__print(const struct wish_program *program, enum policy_attr attr, char *buf, size_t size)
{
	char live[POLICY_VALUE_SIZE], want[POLICY_VALUE_SIZE];

	if (!program->known[attr]) {
		snprintf(buf, size, "-");
		return;
	}
	policy_value__print(attr, &program->live[attr], live, sizeof(live));
	policy_value__print(attr, &program->decision.attr[attr].value, want, sizeof(want));
	if (program->drift[attr])
		snprintf(buf, size, "%s -> %s", live, want);
	else
		snprintf(buf, size, "%s", live);
}

bool wish_program__drifts(const struct wish_program *program)
{
	for_each_attr(attr)
		if (program->drift[attr])
			return true;
	return false;
}

const char *wish__missing(const struct wish_program *program, enum policy_attr attr)
{
	unsigned int missing = program->decision.attr[attr].missing;

	if (!missing)
		return NULL;
	if (missing & 1U << COND_PROGRAM && program->name)
		return program->name;
	return policy_key__cond(ffs(missing) - 1)->name;
}

static bool print_source(const struct wish_program *program, enum policy_attr attr, char *text,
			 size_t size)
{
	const struct policy_result *result = &program->decision.attr[attr];
	const struct policy_place place = policy_origin__place(&result->origin, attr);

	if (result->undecided && place.file)
		snprintf(text, size, "undecided: %s:%u asks for %s", place.file, place.line,
			 wish__missing(program, attr));
	else if (attr == ATTR_ATTACH && program->drift[attr])
		snprintf(text, size, "attach denied by %s:%u", place.file, place.line);
	else if (place.file)
		snprintf(text, size, "%s:%u", place.file, place.line);
	else if (program->drift[attr])
		snprintf(text, size, "%s", result->source);
	else
		return false;
	return true;
}

void wish__reason(const struct wish_program *program, char *buf, size_t size)
{
	char text[256], cell[WISH_TEXT_SIZE];

	*buf = '\0';
	for_each_attr(attr) {
		if (!print_source(program, attr, text, sizeof(text)))
			continue;
		if (attr == ATTR_MODE && program->drift[attr]) {
			wish__print(program, attr, cell, sizeof(cell));
			chain_remark__add(buf, size, cell);
		}
		chain_remark__add(buf, size, text);
	}
}
