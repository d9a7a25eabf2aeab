// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sources DIR ROUNDS: the resolver beside a linear scan with fnmatch(3) over the same rules; INI
 * rule files beside inih with a handler that does nothing; a constant database of a thousand and of
 * a million rules. Writes the databases into DIR.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "policy/db.h"
#include "policy/ini.h"
#include "policy/policy.h"
#include "policy/yaml.h"

#define N_NAMES	   4096
#define N_PATTERNS 20
#define BATCH	   256

/* What a person would write, over and over: half short rules, half long ones. */
static char *make_text(size_t n_rules, size_t *size, size_t *n_lines)
{
	char *text;
	FILE *f = open_memstream(&text, size);

	*n_lines = 0;
	for (size_t i = 0; i < n_rules / 2; i++, ++*n_lines)
		fprintf(f, "prog_%06zu: %zu PASS DROP\n", i, i % 1000);
	for (size_t i = n_rules / 2; i < n_rules; i++, *n_lines += 6)
		fprintf(f,
			"\n[rule number %zu]\nprogram            = prog_%06zu\n"
			"interface          = eth* !eth9\npriority           = %zu\n"
			"chain-call-actions = PASS DROP\n",
			i, i, i % 1000);
	if (fclose(f))
		bench__die("no memory");
	return text;
}

static void make_rules(struct policy_rules *rules, size_t n, size_t n_patterns)
{
	static char file[] = "rules";
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < n; i++)
		fprintf(f, "prog_%07zu: %zu PASS DROP\n", i, i % 1000);
	for (size_t i = 0; i < n_patterns; i++)
		fprintf(f, "group%02zu_*: %zu PASS\n", i, i);
	if (fclose(f))
		bench__die("no memory");
	*rules = (struct policy_rules){ .file = file };
	if (policy_ini__parse(text, size, rules, NULL) || rules->n != n + n_patterns)
		bench__die("not the rules that were written");
	free(text);
}

static void make_names(char names[N_NAMES][32], size_t n)
{
	for (size_t i = 0; i < N_NAMES; i++)
		snprintf(names[i], 32, "prog_%07u", (unsigned int)(random() % n));
}

/* --- a linear scan --- */

static uint32_t scan(const struct policy_rules *rules, const char *program)
{
	for (size_t i = rules->n; i-- > 0;)
		for_each_glob(glob, rules->rule[i].cond[COND_PROGRAM])
			if (!fnmatch(glob, program, 0))
				return rules->rule[i].head.value[ATTR_PRIORITY].num;
	return POLICY_DEFAULT_PRIORITY;
}

static double time_scan(const struct policy_rules *rules, char names[N_NAMES][32], size_t first,
			uint64_t *sum)
{
	double start = bench__now();

	for (size_t i = 0; i < BATCH; i++)
		*sum += scan(rules, names[(first + i) % N_NAMES]);
	return (bench__now() - start) / BATCH;
}

static double time_policy(const struct policy *policy, char names[N_NAMES][32], size_t first,
			  uint64_t *sum)
{
	struct policy_subject subject = { 0 };
	struct policy_decision decision;
	double start = bench__now();

	for (size_t i = 0; i < BATCH; i++) {
		subject.value[COND_PROGRAM] = names[(first + i) % N_NAMES];
		policy__resolve(policy, &subject, NULL, &decision);
		*sum += decision.attr[ATTR_PRIORITY].value.num;
	}
	return (bench__now() - start) / BATCH;
}

static void measure_scan(size_t n, size_t rounds)
{
	struct policy_rules rules, given;
	struct series all[2];
	struct policy_opts opts = { .memory = &given, .no_files = true };
	static char names[N_NAMES][32];
	uint64_t sums[2] = { 0, 0 };
	struct policy *policy;
	char title[100];

	make_rules(&rules, n, N_PATTERNS);
	make_rules(&given, n, N_PATTERNS);
	given.file = NULL;
	if (policy__open(&opts, &policy))
		bench__die("policy does not open");
	make_names(names, n);
	series__init(&all[0], "linear scan with fnmatch", rounds);
	series__init(&all[1], "resolver, all attributes", rounds);
	for (size_t r = 0; r < rounds; r++) {
		series__add(&all[0], time_scan(&rules, names, r * BATCH, &sums[0]));
		series__add(&all[1], time_policy(policy, names, r * BATCH, &sums[1]));
	}
	if (sums[0] != sums[1])
		bench__die("the resolver and the scan do not agree");
	snprintf(title, sizeof(title), "a decision, %zu literal and %d pattern rules", n,
		 N_PATTERNS);
	series__table(title, "ns, each run 256 decisions on random names", all, 2, &all[0]);
	policy__close(policy);
	policy_rules__clear(&rules);
}

/* --- parsing --- */

struct reader {
	const char *next, *end;
};

static char *next_line(char *str, int num, void *stream)
{
	struct reader *r = stream;
	size_t len;
	const char *newline;

	if (r->next >= r->end)
		return NULL;
	newline = memchr(r->next, '\n', r->end - r->next);
	len = (newline ? newline + 1 : r->end) - r->next;
	if (len > (size_t)num - 1)
		len = num - 1;
	memcpy(str, r->next, len);
	str[len] = '\0';
	r->next += len;
	return str;
}

static int nothing(void *user, const char *section, const char *name, const char *value)
{
	(void)section;
	(void)name;
	(void)value;
	++*(size_t *)user;
	return 1;
}

static double time_inih(const char *text, size_t size)
{
	struct reader reader = { text, text + size };
	size_t n = 0;
	double start = bench__now();

	if (ini_parse_stream(next_line, &reader, nothing, &n) || !n)
		bench__die("inih does not read it");
	return bench__now() - start;
}

static double time_ours(const char *text, size_t size, size_t n_rules)
{
	static char file[] = "rules";
	struct policy_rules rules = { .file = file };
	double start = bench__now();

	if (policy_ini__parse(text, size, &rules, NULL) || rules.n != n_rules)
		bench__die("we do not read it");
	policy_rules__clear(&rules);
	return bench__now() - start;
}

static void measure_parsing(size_t n_rules, size_t rounds)
{
	struct series all[2];
	size_t size, n_lines;
	char *text = make_text(n_rules, &size, &n_lines), title[100];

	series__init(&all[0], "inih, a handler that does nothing", rounds);
	series__init(&all[1], "rule file, to rules, and freed", rounds);
	for (size_t r = 0; r < rounds; r++) {
		series__add(&all[0], time_inih(text, size) / n_lines);
		series__add(&all[1], time_ours(text, size, n_rules) / n_lines);
	}
	snprintf(title, sizeof(title), "reading %zu lines of INI, %zu rules", n_lines, n_rules);
	series__table(title, "ns a line", all, 2, &all[0]);
	series__bound("reading INI / inih alone", &all[1], &all[0], 3);
	printf("  lines per second: inih %.2f million, rules %.2f million\n",
	       1000 / series__quantile(&all[0], 0.5), 1000 / series__quantile(&all[1], 0.5));
	free(text);
}

/* --- the database --- */

static struct policy *make_db(const char *dir, size_t n, size_t n_patterns)
{
	struct policy_rules rules;
	const struct policy_rules *set = &rules;
	struct policy_opts opts;
	struct policy *policy;
	char root[4000], path[4096];
	double start;
	struct stat st;
	int fd;

	snprintf(root, sizeof(root), "%s/db%zu", dir, n);
	for (const char *sub = POLICY_DB_PATH; sub; sub = strchr(sub + 1, '/')) {
		snprintf(path, sizeof(path), "%s%.*s", root, (int)(sub - POLICY_DB_PATH),
			 POLICY_DB_PATH);
		mkdir(path, 0755);
	}
	snprintf(path, sizeof(path), "%s" POLICY_DB_PATH, root);
	make_rules(&rules, n, n_patterns);
	start = bench__now();
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || policy_db__write(fd, &set, 1, NULL, NULL) || fstat(fd, &st))
		bench__die("%s is not written: %m", path);
	close(fd);
	printf("  database of %zu rules: %.0f ms to write, %.1f MB", n + n_patterns,
	       (bench__now() - start) / 1e6, st.st_size / 1e6);
	policy_rules__clear(&rules);
	opts = (struct policy_opts){ .root = root };
	start = bench__now();
	if (policy__open(&opts, &policy) || !policy__db(policy))
		bench__die("%s does not open", path);
	printf(", %.1f ms to open and verify\n", (bench__now() - start) / 1e6);
	return policy;
}

static void measure_db(const char *dir, size_t rounds, size_t n_patterns)
{
	static char names[2][N_NAMES][32];
	static const size_t sizes[2] = { 1000, 1000000 };
	struct series all[2];
	struct policy *policy[2];
	uint64_t sum = 0;
	char title[100];

	for (int s = 0; s < 2; s++) {
		policy[s] = make_db(dir, sizes[s], n_patterns);
		make_names(names[s], sizes[s]);
		series__init(&all[s], s ? "database, 10^6 rules" : "database, 10^3 rules", rounds);
	}
	for (size_t r = 0; r < rounds; r++)
		for (int s = 0; s < 2; s++)
			series__add(&all[s], time_policy(policy[s], names[s], r * BATCH, &sum));
	snprintf(title, sizeof(title), "a decision from the database, %zu pattern rules besides",
		 n_patterns);
	series__table(title, "ns, each run 256 decisions on random names", all, 2, &all[0]);
	series__bound("a decision, 10^6 rules / 10^3", &all[1], &all[0], 5);
	for (int s = 0; s < 2; s++)
		policy__close(policy[s]);
}

int main(int argc, char **argv)
{
	size_t rounds;

	if (argc != 3)
		bench__die("usage: sources DIR ROUNDS");
	rounds = strtoul(argv[2], NULL, 10);
	srandom(1);
	measure_scan(10, rounds);
	measure_scan(1000, rounds);
	measure_parsing(20000, rounds / 10 + 1);
	measure_db(argv[1], rounds, N_PATTERNS);
	measure_db(argv[1], rounds, 0);
	return 0;
}
