// SPDX-License-Identifier: LGPL-2.1-or-later
/* The public interface, as a program sees it; what is decided is the business of other tests. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libxdppolicy.h"
#include "unit.h"

#define DROP (1U << 1)
#define PASS (1U << 2)
#define TX   (1U << 3)

static char *root;

/* Messages, one "LEVEL FILE:LINE: TEXT\n" each, files behind the root. */
static struct messages told;

static void setup(void)
{
	root = make_root();
	told = (struct messages){ 0 };
}

static void teardown(void)
{
	remove_root(root);
}

static void tell(void *ctx, enum xdp_policy_level level, const char *file, unsigned int line,
		 const char *text)
{
	size_t len = strlen(told.text), root_len = strlen(root);

	ck_assert_ptr_eq(ctx, &told);
	told.n++;
	snprintf(told.text + len, sizeof(told.text) - len, "%c %s:%u: %s\n", "EWI"[level],
		 strncmp(file, root, root_len) ? file : file + root_len, line, text);
}

static struct xdp_policy_open_opts opts_of_root(void)
{
	return (struct xdp_policy_open_opts){
		.sz = sizeof(struct xdp_policy_open_opts),
		.root = root,
		.message = tell,
		.message_ctx = &told,
	};
}

static struct xdp_policy *open_or_die(const struct xdp_policy_open_opts *opts)
{
	struct xdp_policy *policy;

	errno = 77;
	policy = xdp_policy__open(opts);
	ck_assert_msg(!xdp_policy__get_error(policy), "%d: %s", xdp_policy__get_error(policy),
		      told.text);
	ck_assert_int_eq(errno, 77);
	return policy;
}

static struct xdp_policy *open_root(void)
{
	struct xdp_policy_open_opts opts = opts_of_root();

	return open_or_die(&opts);
}

static void expect_no_policy(const struct xdp_policy_open_opts *opts, int err)
{
	errno = 0;
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__open(opts)), err);
	ck_assert_int_eq(errno, -err);
}

static struct xdp_policy_decision *resolve(struct xdp_policy *policy,
					   const struct xdp_policy_subject *subject, uint32_t flags)
{
	struct xdp_policy_resolve_opts opts = { .sz = sizeof(opts), .flags = flags };
	struct xdp_policy_decision *decision;

	errno = 77;
	decision = xdp_policy__resolve(policy, subject, flags ? &opts : NULL);
	ck_assert_int_eq(xdp_policy__get_error(decision), 0);
	ck_assert_int_eq(errno, 77);
	return decision;
}

static struct xdp_policy_decision *resolve_name(struct xdp_policy *policy, const char *program,
						uint32_t flags)
{
	struct xdp_policy_subject subject = { .sz = sizeof(subject), .program = program };

	return resolve(policy, &subject, flags);
}

static void expect_value(const struct xdp_policy_decision *decision, enum xdp_policy_attr attr,
			 int rc, uint32_t num)
{
	struct xdp_policy_value value = { 9, 9, 9, 9 };

	ck_assert_int_eq(xdp_policy_decision__value(decision, attr, &value), rc);
	ck_assert_uint_eq(value.num, num);
	ck_assert_uint_eq(value.add | value.del | value.relative, 0);
}

/* The priority of a program; -1 if nobody gives one. */
static long priority_now(struct xdp_policy *policy, const char *program)
{
	struct xdp_policy_decision *decision = resolve_name(policy, program, 0);
	struct xdp_policy_value value;
	int rc = xdp_policy_decision__value(decision, XDP_POLICY_PRIORITY, &value);

	ck_assert_int_ge(rc, 0);
	xdp_policy_decision__free(decision);
	return rc ? (long)value.num : -1;
}

START_TEST(test_nothing_is_said)
{
	struct xdp_policy *policy = open_root();
	struct xdp_policy_decision *decision = resolve_name(policy, "p", 0);

	expect_value(decision, XDP_POLICY_PRIORITY, 0, 50);
	expect_value(decision, XDP_POLICY_CHAIN_CALL_ACTIONS, 0, PASS);
	expect_value(decision, XDP_POLICY_ATTACH, 0, XDP_POLICY_ALLOW);
	expect_value(decision, XDP_POLICY_ATTACH_MODE, 0, 0);
	expect_value(decision, XDP_POLICY_DISPATCHER, 0, XDP_POLICY_OPTIONAL);
	for (int attr = 0; attr < XDP_POLICY_N_ATTRS; attr++)
		ck_assert_ptr_null(xdp_policy_decision__winner(decision, attr));
	ck_assert_ptr_null(xdp_policy_decision__next(decision, NULL));
	ck_assert_uint_eq(xdp_policy_decision__flags(decision), 0);
	xdp_policy_decision__free(decision);
	ck_assert_uint_eq(xdp_policy__n_errors(policy), 0);
	xdp_policy__close(policy);
	ck_assert_uint_eq(told.n, 0);
}
END_TEST

START_TEST(test_winner)
{
	const struct xdp_policy_answer *winner;
	struct xdp_policy_decision *decision;
	struct xdp_policy *policy;

	put_file(root, "/etc/xdp/priorities.conf",
		 "[all]\nchain-call-actions = DROP\n[the order]\norder = q p\n[]\n"
		 "chain-call-actions = +TX\n");
	policy = open_root();
	decision = resolve_name(policy, "p", 0);
	expect_value(decision, XDP_POLICY_PRIORITY, 1, 20);
	winner = xdp_policy_decision__winner(decision, XDP_POLICY_PRIORITY);
	ck_assert_uint_eq(winner->sz, sizeof(*winner));
	ck_assert_str_eq(winner->source, "files");
	ck_assert_str_eq(winner->file, at(root, "/etc/xdp/priorities.conf"));
	ck_assert_uint_eq(winner->line, 4);
	ck_assert_str_eq(winner->rule, "the order");
	ck_assert_uint_eq(winner->place, 2);
	ck_assert_int_eq(winner->status, XDP_POLICY_SUCCESS);
	ck_assert(winner->counts && winner->has_value && !winner->note);
	ck_assert_uint_eq(winner->value.num, 20);

	/* of a relative value, the last rule; the decision itself is never relative */
	expect_value(decision, XDP_POLICY_CHAIN_CALL_ACTIONS, 1, DROP | TX);
	winner = xdp_policy_decision__winner(decision, XDP_POLICY_CHAIN_CALL_ACTIONS);
	ck_assert_uint_eq(winner->line, 6);
	ck_assert_ptr_null(winner->rule);
	ck_assert_uint_eq(winner->place, 0);
	ck_assert_uint_eq(winner->value.num, DROP | TX);
	ck_assert_uint_eq(winner->value.relative, 0);
	ck_assert_ptr_null(xdp_policy_decision__winner(decision, XDP_POLICY_ATTACH));
	xdp_policy_decision__free(decision);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_app_and_btf)
{
	struct xdp_policy_known app = { .has = 1 << XDP_POLICY_PRIORITY | 1 << 9, .num = { 7, 8 } };
	struct xdp_policy_known btf = { .has = 2, .num = { 1, TX } };
	struct xdp_policy_subject subject = {
		.sz = sizeof(subject), .program = "p", .app = &app, .btf = &btf
	};
	struct xdp_policy *policy = open_root();
	struct xdp_policy_decision *decision = resolve(policy, &subject, 0);
	const struct xdp_policy_answer *winner =
		xdp_policy_decision__winner(decision, XDP_POLICY_PRIORITY);

	expect_value(decision, XDP_POLICY_PRIORITY, 1, 7);
	ck_assert_str_eq(winner->source, "app");
	ck_assert_ptr_null(winner->file);
	expect_value(decision, XDP_POLICY_CHAIN_CALL_ACTIONS, 1, TX);
	xdp_policy_decision__free(decision);

	/* known to say nothing, and not known */
	app.has = 0;
	decision = resolve(policy, &subject, XDP_POLICY_F_UNDECIDED);
	expect_value(decision, XDP_POLICY_PRIORITY, 0, 50);
	xdp_policy_decision__free(decision);
	subject.app = NULL;
	decision = resolve(policy, &subject, XDP_POLICY_F_UNDECIDED);
	errno = 0;
	ck_assert_int_eq(xdp_policy_decision__value(decision, XDP_POLICY_PRIORITY,
						    &(struct xdp_policy_value){ 0 }),
			 -EAGAIN);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_ptr_null(xdp_policy_decision__winner(decision, XDP_POLICY_PRIORITY));
	xdp_policy_decision__free(decision);
	decision = resolve(policy, &subject, 0);
	expect_value(decision, XDP_POLICY_PRIORITY, 0, 50);
	xdp_policy_decision__free(decision);
	xdp_policy__close(policy);
}
END_TEST

/* What a source cannot have is no answer, and is told of. */
START_TEST(test_what_a_source_cannot_have)
{
	struct xdp_policy_known all = { .has = 0x1f, .num = { 7, TX, XDP_POLICY_DENY, 2, 1 } };
	struct xdp_policy_subject subject = {
		.sz = sizeof(subject), .program = "p", .app = &all, .btf = &all
	};
	struct xdp_policy_open_opts opts = opts_of_root();
	struct xdp_policy_decision *decision;
	struct xdp_policy *policy;

	opts.switch_text = "attach: app btf\nattach-mode: btf\ndispatcher: btf app\n";
	policy = open_or_die(&opts);
	told = (struct messages){ 0 };
	decision = resolve(policy, &subject, 0);
	expect_value(decision, XDP_POLICY_PRIORITY, 1, 7);
	expect_value(decision, XDP_POLICY_ATTACH, 0, XDP_POLICY_ALLOW);
	expect_value(decision, XDP_POLICY_ATTACH_MODE, 0, 0);
	expect_value(decision, XDP_POLICY_DISPATCHER, 0, 0);
	ck_assert_uint_eq(told.n, 5);
	ck_assert_ptr_nonnull(strstr(told.text,
				     "W <subject>:0: found attach from source app, which "
				     "never has an answer for it; it is ignored\n"));
	xdp_policy_decision__free(decision);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_undecided)
{
	struct xdp_policy_known known = { 0 };
	struct xdp_policy_subject subject = {
		.sz = sizeof(subject), .program = "p", .app = &known, .btf = &known
	};
	struct xdp_policy_value value = { .num = 77 };
	struct xdp_policy_decision *decision;
	struct xdp_policy *policy;

	put_file(root, "/etc/xdp/priorities.conf", "p: 5\n[x]\ninterface = eth0\npriority = 6\n");
	policy = open_root();
	decision = resolve(policy, &subject, XDP_POLICY_F_UNDECIDED);
	ck_assert_int_eq(xdp_policy_decision__value(decision, XDP_POLICY_PRIORITY, &value),
			 -EAGAIN);
	ck_assert_uint_eq(value.num, 77);
	ck_assert_ptr_null(xdp_policy_decision__winner(decision, XDP_POLICY_PRIORITY));
	expect_value(decision, XDP_POLICY_ATTACH, 0, 0);
	xdp_policy_decision__free(decision);

	decision = resolve(policy, &subject, 0);
	expect_value(decision, XDP_POLICY_PRIORITY, 1, 5);
	xdp_policy_decision__free(decision);
	subject.interface = "eth0";
	decision = resolve(policy, &subject, XDP_POLICY_F_UNDECIDED);
	expect_value(decision, XDP_POLICY_PRIORITY, 1, 6);
	xdp_policy_decision__free(decision);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_trace)
{
	static const char expected[] =
		"priority files 0 1 3 /etc/xdp/priorities.conf:2 -\n"
		"priority files 0 0 2 /etc/xdp/priorities.conf:1 overridden by a later rule\n"
		"priority app 1 0 - - not known at this moment\n"
		"chain-call-actions files 0 1 +TX /etc/xdp/priorities.conf:2 changes the next "
		"answer\n"
		"chain-call-actions cdb 2 0 - - -\n"
		"chain-call-actions app 1 0 - - not known at this moment\n"
		"chain-call-actions btf 0 1 PASS - -\n"
		"attach files 1 0 - - -\n"
		"attach cdb 2 0 - - -\n"
		"attach-mode files 1 0 - - -\n"
		"attach-mode cdb 2 0 - - -\n"
		"attach-mode app 1 0 - - not known at this moment\n"
		"dispatcher files 1 0 - - -\n"
		"dispatcher cdb 2 0 - - -\n";
	struct xdp_policy_known btf = { .has = 2, .num = { 0, PASS } };
	struct xdp_policy_subject subject = { .sz = sizeof(subject), .program = "p", .btf = &btf };
	struct xdp_policy_open_opts opts = opts_of_root();
	const struct xdp_policy_answer *answer = NULL;
	struct xdp_policy_decision *decision;
	char text[2000] = "", place[100], value[100];
	struct xdp_policy *policy;

	opts.switch_text = "priority: files app\n";
	put_file(root, "/etc/xdp/priorities.conf", "p: 2\np: 3 +TX\n");
	policy = open_or_die(&opts);
	decision = resolve(policy, &subject, XDP_POLICY_F_TRACE);
	while ((answer = xdp_policy_decision__next(decision, answer))) {
		size_t len = strlen(text);

		ck_assert_uint_eq(answer->sz, sizeof(*answer));
		strcpy(place, "-");
		strcpy(value, "-");
		if (answer->file)
			snprintf(place, sizeof(place), "%s:%u", answer->file + strlen(root),
				 answer->line);
		if (answer->has_value)
			ck_assert_int_eq(xdp_policy_value__print(answer->attr, &answer->value,
								 value, sizeof(value)),
					 0);
		snprintf(text + len, sizeof(text) - len, "%s %s %d %d %s %s %s\n",
			 xdp_policy_attr__name(answer->attr), answer->source, answer->status,
			 answer->counts, value, place, answer->note ? answer->note : "-");
	}
	ck_assert_str_eq(text, expected);
	expect_value(decision, XDP_POLICY_CHAIN_CALL_ACTIONS, 1, PASS | TX);
	xdp_policy_decision__free(decision);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_switch_text)
{
	struct xdp_policy_open_opts opts = opts_of_root();
	struct xdp_policy *policy;

	put_file(root, "/etc/xdp/priorities.conf", "p: 5\n");
	put_file(root, "/etc/xdp/xdpswitch.conf", "priority: files\non-error: x\n");
	opts.switch_text = "priority: app\n";
	policy = open_or_die(&opts);
	ck_assert_int_eq(priority_now(policy, "p"), -1); /* instead of the file */
	ck_assert_uint_eq(xdp_policy__n_errors(policy), 0);
	xdp_policy__close(policy);
	ck_assert_uint_eq(told.n, 0);

	opts.switch_text = "\npriority: app\npriorty: app\n";
	policy = open_or_die(&opts);
	ck_assert(!strncmp(told.text, "W <switch>:3: found attribute 'priorty', expected ", 49));
	ck_assert_uint_eq(told.n, 1);
	xdp_policy__close(policy);

	told = (struct messages){ 0 };
	opts.switch_text = "priority: files\nattach: [\n";
	expect_no_policy(&opts, -EINVAL);
	ck_assert(!strncmp(told.text, "E <switch>:2: found '[', expected a source", 42));
	ck_assert_uint_eq(told.n, 1);
}
END_TEST

START_TEST(test_files_are_followed)
{
	struct xdp_policy *policy = open_root();
	unsigned int n_told;

	ck_assert_int_eq(priority_now(policy, "p"), -1);
	put_file(root, "/etc/xdp/priorities.conf", "p: 1\n");
	ck_assert_int_eq(priority_now(policy, "p"), 1);
	put_file(root, "/etc/xdp/priorities.conf", "p: 2\n");
	ck_assert_int_eq(priority_now(policy, "p"), 2);
	put_file(root, "/etc/xdp/priorities.conf", "p: x\n");
	ck_assert_int_eq(priority_now(policy, "p"), 2); /* the last good version */
	ck_assert(!strncmp(told.text, "E /etc/xdp/priorities.conf:1: found 'x', expected", 48));
	ck_assert_uint_eq(xdp_policy__n_errors(policy), 1);
	n_told = told.n;
	ck_assert_int_eq(xdp_policy__reload(policy), 0); /* reads it again, and tells it again */
	ck_assert_uint_eq(told.n, n_told + 1);
	ck_assert_int_eq(priority_now(policy, "p"), 2);
	put_file(root, "/etc/xdp/priorities.conf", "p: 3\n");
	ck_assert_uint_eq(xdp_policy__n_errors(policy), 0); /* looks at the files, too */
	ck_assert_int_eq(priority_now(policy, "p"), 3);
	ck_assert_int_eq(xdp_policy__reload(policy), 0);
	unlink(at(root, "/etc/xdp/priorities.conf"));
	ck_assert_int_eq(priority_now(policy, "p"), -1);
	xdp_policy__close(policy);
}
END_TEST

/* What a decision points to stays, whatever comes after it. */
START_TEST(test_decisions_stay)
{
	const struct xdp_policy_answer *winner, *first;
	struct xdp_policy_decision *decision;
	struct xdp_policy *policy;

	put_file(root, "/etc/xdp/xdpswitch.conf", "priority: files app\n");
	put_file(root, "/etc/xdp/priorities.conf", "[the name]\nprogram = p\npriority = 1\n");
	policy = open_root();
	decision = resolve_name(policy, "p", XDP_POLICY_F_TRACE);
	put_file(root, "/etc/xdp/xdpswitch.conf", "priority: app\n");
	put_file(root, "/etc/xdp/priorities.conf", "[other]\nprogram = p\npriority = 2\n");
	ck_assert_int_eq(priority_now(policy, "p"), -1);
	unlink(at(root, "/etc/xdp/xdpswitch.conf"));
	unlink(at(root, "/etc/xdp/priorities.conf"));
	ck_assert_int_eq(xdp_policy__reload(policy), 0);
	ck_assert_int_eq(priority_now(policy, "p"), -1);
	winner = xdp_policy_decision__winner(decision, XDP_POLICY_PRIORITY);
	first = xdp_policy_decision__next(decision, NULL);
	ck_assert_str_eq(winner->source, "files");
	ck_assert_str_eq(winner->rule, "the name");
	ck_assert_str_eq(winner->file, at(root, "/etc/xdp/priorities.conf"));
	ck_assert_str_eq(first->rule, "the name");
	ck_assert_str_eq(first->source, "files");
	expect_value(decision, XDP_POLICY_PRIORITY, 1, 1);
	xdp_policy_decision__free(decision);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_flags)
{
	struct xdp_policy *policy = open_root();
	struct xdp_policy_decision *decision;
	static const struct {
		const char *path, *text;
		uint32_t flags;
	} steps[] = {
		{ "/etc/xdp/xdpswitch.conf", "on-error: deny\n", 0 },
		{ "/etc/xdp/priorities.conf", "p\n", XDP_POLICY_DENY_ALL },
		{ "/run/xdp/disabled", "", XDP_POLICY_DENY_ALL | XDP_POLICY_DISABLED },
		{ "/etc/xdp/priorities.conf", "p: 1\n", XDP_POLICY_DISABLED },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		put_file(root, steps[i].path, steps[i].text);
		decision = resolve_name(policy, "p", 0);
		ck_assert_uint_eq(xdp_policy_decision__flags(decision), steps[i].flags);
		xdp_policy_decision__free(decision);
	}
	xdp_policy__close(policy);
}
END_TEST

#define N_THREADS 4

struct worker {
	struct xdp_policy *policy;
	atomic_bool *stop;
	unsigned int n;
	atomic_uint n_changes;
	const char *wrong;
};

/* Each policy gives a program a priority, and the same number as the name of its rule. */
static const char *check_decision(struct xdp_policy *policy, uint32_t *num)
{
	struct xdp_policy_subject subject = { .sz = sizeof(subject), .program = "p" };
	struct xdp_policy_resolve_opts opts = { .sz = sizeof(opts), .flags = XDP_POLICY_F_TRACE };
	struct xdp_policy_decision *decision = xdp_policy__resolve(policy, &subject, &opts);
	const struct xdp_policy_answer *winner, *answer;
	struct xdp_policy_value value;
	const char *wrong = NULL;
	char name[20];

	if (xdp_policy__get_error(decision))
		return "no decision";
	winner = xdp_policy_decision__winner(decision, XDP_POLICY_PRIORITY);
	answer = xdp_policy_decision__next(decision, NULL);
	if (xdp_policy_decision__value(decision, XDP_POLICY_PRIORITY, &value) != 1 || !winner ||
	    !answer)
		wrong = "no value";
	else
		snprintf(name, sizeof(name), "%u", value.num);
	if (!wrong && (strcmp(winner->rule, name) != 0 || strcmp(answer->rule, name) != 0))
		wrong = "a rule of another policy";
	*num = value.num;
	xdp_policy_decision__free(decision);
	return wrong;
}

/* On a busy machine it may take long until each thread had its turn. */
static bool all_have_seen_changes(const struct worker *worker)
{
	for (int i = 0; i < N_THREADS; i++)
		if (!worker[i].wrong && worker[i].n_changes <= 1)
			return false;
	return true;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint32_t num = 0, last = 0;

	while (!*w->stop && !w->wrong) {
		w->wrong = check_decision(w->policy, &num);
		w->n_changes += num != last;
		w->n++;
		last = num;
		if (w->n % 64 == 0 && xdp_policy__reload(w->policy))
			w->wrong = "no reload";
	}
	return NULL;
}

START_TEST(test_threads)
{
	struct xdp_policy_open_opts opts = opts_of_root();
	struct worker worker[N_THREADS] = { 0 };
	pthread_t thread[N_THREADS];
	atomic_bool stop = false;
	char text[100], *from, *to;
	struct xdp_policy *policy;

	put_file(root, "/etc/xdp/priorities.conf", "[0]\nprogram = p\npriority = 0\n");
	from = strdup(at(root, "/new"));
	to = strdup(at(root, "/etc/xdp/priorities.conf"));
	opts.switch_text = "priority: files";
	policy = open_or_die(&opts);
	for (int i = 0; i < N_THREADS; i++) {
		worker[i].policy = policy;
		worker[i].stop = &stop;
		ck_assert(!pthread_create(&thread[i], NULL, work, &worker[i]));
	}
	for (int i = 1; i <= 300 || !all_have_seen_changes(worker); i++) {
		snprintf(text, sizeof(text), "[%d]\nprogram = p\npriority = %d\n", i, i);
		put_file(root, "/new", text);
		ck_assert(!rename(from, to));
		ck_assert_int_eq(priority_now(policy, "p"), i);
		usleep(500);
	}
	stop = true;
	for (int i = 0; i < N_THREADS; i++) {
		pthread_join(thread[i], NULL);
		ck_assert_msg(!worker[i].wrong, "%s", worker[i].wrong);
		ck_assert_uint_gt(worker[i].n_changes, 1);
	}
	ck_assert_uint_eq(told.n, 0);
	xdp_policy__close(policy);
	free(from);
	free(to);
}
END_TEST

TCase *api_tests(void)
{
	TCase *tc = tcase_create("api");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_nothing_is_said);
	tcase_add_test(tc, test_winner);
	tcase_add_test(tc, test_app_and_btf);
	tcase_add_test(tc, test_what_a_source_cannot_have);
	tcase_add_test(tc, test_undecided);
	tcase_add_test(tc, test_trace);
	tcase_add_test(tc, test_switch_text);
	tcase_add_test(tc, test_files_are_followed);
	tcase_add_test(tc, test_decisions_stay);
	tcase_add_test(tc, test_flags);
	tcase_add_test(tc, test_threads);
	return tc;
}
