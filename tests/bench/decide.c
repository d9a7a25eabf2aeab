// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * decide ROOT ROUNDS: how long it takes to load 10, 1000 and 100000 rules of literal program names,
 * and to decide about one program, named by a rule or by none; the same with 20 rules of patterns
 * among them. Writes the rule files below ROOT, an empty directory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench.h"
#include "policy/policy.h"

#define N_SIZES	     3
#define N_PATTERNS   20
#define RULES_A_FILE 25000 /* a file may have 1 MiB */
#define N_NAMES	     4096  /* asked in turn, in no order */
#define BATCH	     1024  /* decisions between two looks at the clock */
#define MANY	     100000
#define EVICT_SIZE   (64 * 1024 * 1024) /* more than the last cache holds */

static const size_t sizes[N_SIZES] = { 10, 1000, MANY };

struct policies {
	char root[N_SIZES][4096];
	struct policy *policy[N_SIZES];
	char (*named)[N_SIZES][N_NAMES][32];
	char (*other)[N_NAMES][32];
};

static void make_dir(const char *root, const char *dir)
{
	char path[5000];

	snprintf(path, sizeof(path), "%s%s", root, dir);
	if (mkdir(path, 0755) && errno != EEXIST)
		bench__die("%s: %m", path);
}

static FILE *make_file(const char *root, unsigned int i)
{
	char path[5000];
	FILE *f;

	snprintf(path, sizeof(path), "%s/etc/xdp/priorities.d/%02u.conf", root, i);
	f = fopen(path, "we");
	if (!f)
		bench__die("%s: %m", path);
	return f;
}

static void close_file(FILE *f)
{
	if (fclose(f))
		bench__die("can't write a rule file: %m");
}

/* "prog_000042: 42 PASS DROP" for each; patterns go behind, and match none of the names. */
static void write_rules(const char *root, size_t n, bool patterns)
{
	static const char *const dirs[] = { "", "/etc", "/etc/xdp", "/etc/xdp/priorities.d" };
	FILE *f = NULL;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		make_dir(root, dirs[i]);
	for (size_t i = 0; i < n; i++) {
		if (i % RULES_A_FILE == 0) {
			if (f)
				close_file(f);
			f = make_file(root, i / RULES_A_FILE);
		}
		fprintf(f, "prog_%06zu: %zu PASS DROP\n", i, i % 1000);
	}
	for (size_t i = 0; patterns && i < N_PATTERNS; i++)
		fprintf(f, "group%02zu_*: %zu PASS\n", i, i);
	close_file(f);
}

static struct policy *load(const char *root, size_t n)
{
	const struct policy_opts opts = { .root = root };
	struct policy *policy;
	int err = policy__open(&opts, &policy);

	if (err || policy__n_errors(policy) || policy__n_rules(policy) != n)
		bench__die("%s: not the %zu rules that were written", root, n);
	return policy;
}

static void prepare(struct policies *p, const char *root, bool patterns)
{
	p->named = bench__alloc(sizeof(*p->named));
	p->other = bench__alloc(sizeof(*p->other));
	srandom(1);
	for (size_t i = 0; i < N_NAMES; i++) {
		for (size_t s = 0; s < N_SIZES; s++)
			snprintf((*p->named)[s][i], 32, "prog_%06u",
				 (unsigned int)(random() % sizes[s]));
		snprintf((*p->other)[i], 32, "none_%06u", (unsigned int)(random() % MANY));
	}
	for (size_t s = 0; s < N_SIZES; s++) {
		snprintf(p->root[s], sizeof(p->root[s]), "%s/%zu%s", root, sizes[s],
			 patterns ? "p" : "");
		write_rules(p->root[s], sizes[s], patterns);
		p->policy[s] = load(p->root[s], sizes[s] + (patterns ? N_PATTERNS : 0));
	}
}

static void finish(struct policies *p)
{
	for (size_t s = 0; s < N_SIZES; s++)
		policy__close(p->policy[s]);
	free(p->named);
	free(p->other);
}

/* Nanoseconds for one decision, of a batch. */
static double decide(const struct policy *policy, char names[N_NAMES][32], size_t first,
		     size_t batch, bool expect)
{
	struct policy_subject subject = { .value = { [COND_EXECUTABLE] = "/usr/sbin/xdp-loader" } };
	struct policy_decision decision;
	size_t found = 0;
	double start = bench__now(), took;

	for (size_t i = 0; i < batch; i++) {
		subject.value[COND_PROGRAM] = names[(first + i) % N_NAMES];
		policy__resolve(policy, &subject, NULL, &decision);
		found += decision.attr[ATTR_PRIORITY].found;
	}
	took = bench__now() - start;
	if (found != (expect ? batch : 0))
		bench__die("%zu of %zu decisions found a rule", found, batch);
	return took / batch;
}

/* Leaves nothing of a policy in the processor's caches. */
static void evict(void)
{
	static char *buffer;

	if (!buffer)
		buffer = bench__alloc(EVICT_SIZE);
	for (size_t i = 0; i < EVICT_SIZE; i += 64)
		((volatile char *)buffer)[i]++;
}

/* One decision now and then, as an application takes it, whose caches hold its own data. */
static void measure_cold(const char *root, size_t rounds)
{
	static const char *const names[] = { "10 rules", "1000 rules", "100000 rules" };
	struct series all[N_SIZES];
	static struct policies p;

	prepare(&p, root, false);
	for (size_t i = 0; i < N_SIZES; i++)
		series__init(&all[i], names[i], rounds);
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < N_SIZES; i++) {
			size_t s = (r + i) % N_SIZES;

			evict();
			series__add(&all[s], decide(p.policy[s], (*p.named)[s], r, 1, true));
		}
	}
	finish(&p);
	series__table("one decision, named, with empty processor caches", "ns", all, N_SIZES,
		      &all[0]);
	series__bound("one decision with empty caches, 100000 rules / 10", &all[2], &all[0], 3);
}

static void measure_decisions(const char *root, size_t rounds, bool patterns)
{
	static const char *const names[] = {
		"10 rules, named",     "1000 rules, named",	"100000 rules, named",
		"10 rules, not named", "1000 rules, not named", "100000 rules, not named",
	};
	struct series all[2 * N_SIZES];
	static struct policies p;

	prepare(&p, root, patterns);
	for (size_t i = 0; i < 2 * N_SIZES; i++)
		series__init(&all[i], names[i], rounds);
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < N_SIZES; i++) {
			size_t s = (r + i) % N_SIZES;

			series__add(&all[s],
				    decide(p.policy[s], (*p.named)[s], r * BATCH, BATCH, true));
			series__add(&all[N_SIZES + s],
				    decide(p.policy[s], *p.other, r * BATCH, BATCH, false));
		}
	}
	finish(&p);
	series__table(patterns ? "decisions in a row, 20 pattern rules besides" :
				 "decisions in a row",
		      "ns, each run 1024 decisions on random names", all, 2 * N_SIZES, &all[0]);
	series__bound(
		patterns ? "decisions in a row, 100000 literal and 20 pattern rules / 10 and 20" :
			   "decisions in a row, 100000 rules / 10",
		&all[2], &all[0], 3);
	series__bound(patterns ? "the same, names that no rule has" :
				 "the same, names that no rule has",
		      &all[5], &all[3], 3);
}

static void measure_load(const char *root, size_t rounds)
{
	static const char *const names[] = { "10 rules", "1000 rules", "100000 rules" };
	struct series all[N_SIZES];
	char path[4096];

	for (size_t s = 0; s < N_SIZES; s++)
		series__init(&all[s], names[s], rounds);
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < N_SIZES; i++) {
			size_t s = (r + i) % N_SIZES;
			double start;

			snprintf(path, sizeof(path), "%s/%zu", root, sizes[s]);
			start = bench__now();
			policy__close(load(path, sizes[s]));
			series__add(&all[s], (bench__now() - start) / 1000);
		}
	}
	series__table("loading and freeing a policy", "us", all, N_SIZES, &all[0]);
}

int main(int argc, char **argv)
{
	size_t rounds;

	if (argc != 3)
		bench__die("usage: decide ROOT ROUNDS");
	rounds = strtoul(argv[2], NULL, 10);
	measure_cold(argv[1], rounds);
	measure_decisions(argv[1], rounds, false);
	measure_decisions(argv[1], rounds, true);
	measure_load(argv[1], rounds / 20 + 1);
	return 0;
}
