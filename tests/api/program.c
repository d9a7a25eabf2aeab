/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that knows of the library what its header says, in C and in C++ alike.
 *
 *	program ROOT	prints what is decided below ROOT for a program p on eth0
 */
#include <errno.h>
#include <libxdppolicy-chain.h>
#include <libxdppolicy-plugin.h>
#include <libxdppolicy.h>
#include <stdio.h>
#include <string.h>

static void message(void *ctx, enum xdp_policy_level level, const char *file, unsigned int line,
		    const char *text)
{
	int *n = (int *)ctx;

	printf("message %d: %d %s:%u %.30s\n", ++*n, (int)level, file, line, text);
}

static void print_answer(const struct xdp_policy_answer *answer)
{
	char text[128] = "-";

	if (answer->has_value)
		xdp_policy_value__print(answer->attr, &answer->value, text, sizeof(text));
	printf("  %s %s %d %d %s %s\n", xdp_policy_attr__name(answer->attr), answer->source,
	       (int)answer->status, answer->counts, text, answer->rule ? answer->rule : "-");
}

static void print_attr(const struct xdp_policy_decision *decision, enum xdp_policy_attr attr)
{
	const struct xdp_policy_answer *winner = xdp_policy_decision__winner(decision, attr);
	struct xdp_policy_value value;
	char text[128];

	if (xdp_policy_decision__value(decision, attr, &value) < 0 ||
	    xdp_policy_value__print(attr, &value, text, sizeof(text)) != 0)
		strcpy(text, "wrong");
	printf("%s %s %s\n", xdp_policy_attr__name(attr), text, winner ? winner->source : "-");
}

static int decide(struct xdp_policy *policy)
{
	struct xdp_policy_resolve_opts opts;
	struct xdp_policy_subject subject;
	const struct xdp_policy_answer *answer = NULL;
	struct xdp_policy_decision *decision;
	struct xdp_policy_known app;

	memset(&app, 0, sizeof(app));
	app.has = 1U << XDP_POLICY_PRIORITY;
	app.num[XDP_POLICY_PRIORITY] = 7;
	memset(&subject, 0, sizeof(subject));
	subject.sz = sizeof(subject);
	subject.program = "p";
	subject.interface = "eth0";
	subject.app = &app;
	memset(&opts, 0, sizeof(opts));
	opts.sz = sizeof(opts);
	opts.flags = XDP_POLICY_F_TRACE;
	decision = xdp_policy__resolve(policy, &subject, &opts);
	if (xdp_policy__get_error(decision))
		return 1;
	for (int attr = 0; attr < XDP_POLICY_N_ATTRS; attr++)
		print_attr(decision, (enum xdp_policy_attr)attr);
	while ((answer = xdp_policy_decision__next(decision, answer)) != NULL)
		print_answer(answer);
	printf("flags %u\n", (unsigned int)xdp_policy_decision__flags(decision));
	xdp_policy_decision__free(decision);
	return 0;
}

/* What is refused before anything is looked at; two places for one program. */
static void chain(struct xdp_policy *policy)
{
	struct xdp_policy_chain_program programs[2];
	struct xdp_policy_chain_opts opts;
	const char *maps[] = { "flows", NULL };
	uint32_t ids[2] = { 7, 7 };
	char log[1000] = "", *end;
	int failed, rc;

	memset(programs, 0, sizeof(programs));
	programs[0].object = "/p.o";
	programs[0].frags = XDP_POLICY_FRAGS_AS_BUILT;
	programs[0].app.has = 1U << XDP_POLICY_PRIORITY;
	programs[0].app.num[XDP_POLICY_PRIORITY] = 7;
	programs[1].pin = "/q";
	programs[1].fd = 5;
	memset(&opts, 0, sizeof(opts));
	opts.sz = sizeof(opts);
	opts.interface = "lo";
	opts.flags = XDP_POLICY_F_ADD | XDP_POLICY_F_KEEP_FOREIGN | XDP_POLICY_F_DRY_RUN;
	opts.programs = programs;
	opts.n_programs = 2;
	opts.program_sz = sizeof(programs[0]);
	opts.share_maps = maps;
	opts.log = log;
	opts.log_size = sizeof(log);
	opts.failed = &failed;
	opts.prog_ids = ids;
	rc = xdp_policy__attach_chain(policy, &opts);
	end = strchr(log, ',');
	if (end)
		*end = '\0';
	printf("chain %d %d, program %d: %s, id %u\n", rc == -EINVAL, errno == EINVAL, failed, log,
	       (unsigned int)ids[0]);
}

int main(int argc, char **argv)
{
	struct xdp_policy_rule rules[2];
	struct xdp_policy_open_opts opts;
	struct xdp_policy *policy;
	int n = 0, rc;

	memset(rules, 0, sizeof(rules));
	rules[0].name = "ours";
	rules[0].interface = "eth*";
	rules[0].priority = "3";
	rules[1].chain_call_actions = "+TX";
	memset(&opts, 0, sizeof(opts));
	opts.sz = sizeof(opts);
	opts.root = argc > 1 ? argv[1] : NULL;
	opts.switch_text = "priority: files app\nattach: files\nattach-mode: files\n";
	opts.rules = rules;
	opts.n_rules = 2;
	opts.rule_sz = sizeof(rules[0]);
	opts.message = message;
	opts.message_ctx = &n;
	policy = xdp_policy__open(&opts);
	if (xdp_policy__get_error(policy)) {
		printf("error %d\n", xdp_policy__get_error(policy));
		return 1;
	}
	rc = decide(policy);
	if (xdp_policy__reload(policy) != 0)
		rc = 1;
	printf("errors %u\n", xdp_policy__n_errors(policy));
	chain(policy);
	xdp_policy__close(policy);
	return rc;
}
