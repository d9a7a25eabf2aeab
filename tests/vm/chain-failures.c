// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * chain-failures IFACE KIND [FIRST [LAST [STEP]]]: a chain of three programs is replaced by another
 * order of two of them with a new one, again and again, and each time another call within fails:
 * the FIRSTth (1), the STEPth (1) after it, and so on, up to the LASTth, or (0) until there is none
 * left. After each, all must be as before, or as was wanted, and nothing left over. KIND is calls,
 * memory or their-memory: see failing.h. Objects are in the current directory.
 *
 * Prints what is wrong, a line each, and a last line of figures. With a sanitizer, leaks are
 * reported on standard error. Rounds of their-memory are a process each: libbpf may not survive.
 */
#include <bpf/libbpf.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/links.h"
#include "chain/lock.h"
#include "chain/pins.h"
#include "chain/swap.h"
#include "failing.h"
#include "libxdppolicy-chain.h"
#include "run/retired.h"

/* a sanitizer's; looking for leaks takes longer than a whole round, so more memory must be in use
 */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

#define N_PROGRAMS 3
static const struct xdp_policy_chain_program before[N_PROGRAMS] = {
	{ .object = "ord_a.o" },
	{ .object = "ord_b.o" },
	{ .object = "ord_c.o" },
};
static const struct xdp_policy_chain_program after[N_PROGRAMS] = {
	{ .object = "ord_c.o" },
	{ .object = "ord_a.o" },
	{ .object = "ord_d.o" },
};
#define ORDER_AFTER "ord_c ord_a ord_d"

static struct xdp_policy *policy;
static int ifindex;

/* What a round tells, in memory that it shares. */
struct outcome {
	bool complete;
	int rc, err;
	unsigned int n;
	struct failing_point failed;
	char log[1000];
	int fds_before, fds_after;
	bool leaks;
};

static struct {
	unsigned int rounds, refused, tolerated, later, crashed, leaks, wrong;
} figures;

/* Programs of others stay: who does not know whose one is must not go on. */
static int attach(const struct xdp_policy_chain_program *programs, uint32_t flags, char *log,
		  size_t size)
{
	struct xdp_policy_chain_opts opts = {
		.sz = sizeof(opts),
		.ifindex = ifindex,
		.flags = flags,
		.programs = programs,
		.n_programs = N_PROGRAMS,
		.program_sz = sizeof(programs[0]),
		.log = log,
		.log_size = size,
	};

	return xdp_policy__attach_chain(policy, &opts);
}

/* --- what is there --- */

/* Everything that must not change by a failure. */
struct view {
	char chain[500]; /* ids and values, too */
	char order[200]; /* names alone */
};

static void look(struct view *view)
{
	size_t len = 0, order_len = 0;
	uint32_t ids[CHAIN_MAX];
	struct chain chain;
	int err = chain__read(ifindex, NULL, &chain);

	*view = (struct view){ 0 };
	if (err || chain.fixed[0]) {
		snprintf(view->chain, sizeof(view->chain), "%s",
			 err ? strerror(-err) : chain.fixed);
		return;
	}
	len = snprintf(view->chain, sizeof(view->chain), "%u %s, %u linked:", chain.id, chain.mode,
		       links__components(chain.id, ids));
	for (unsigned int i = 0; i < chain.n; i++) {
		const struct chain_program *p = &chain.program[i];

		len += snprintf(view->chain + len, sizeof(view->chain) - len, " %s/%u/%u/%x",
				p->info.name, p->info.id, p->priority, p->actions);
		order_len += snprintf(view->order + order_len, sizeof(view->order) - order_len,
				      "%s%s", i ? " " : "", p->info.name);
	}
}

static unsigned int count_in(const char *dir, const char *prefix)
{
	unsigned int n = 0;
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d)))
		n += entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix));
	if (d)
		closedir(d);
	return n;
}

/* What a change leaves behind: a second dispatcher's pins, the journal, programs of no chain. */
static bool is_clean(char *text, size_t size)
{
	char prefix[40], pins[200];
	unsigned int n, n_journal;

	snprintf(prefix, sizeof(prefix), "dispatch-%d-", ifindex);
	snprintf(pins, sizeof(pins), "%s/xdp", pins__where());
	n = count_in(pins, prefix);
	n_journal = count_in(XDP_POLICY_RUN_DIR "/journal", "");
	snprintf(text, size, "found %u dispatchers with pins and %u journals, expected 1 and 0", n,
		 n_journal);
	return n == 1 && !n_journal;
}

/* --- a round --- */

__attribute__((noinline)) static void change(enum failing_kind kind, unsigned int k,
					     struct outcome *o)
{
	errno = 0;
	failing__arm(kind, k);
	o->rc = attach(after, XDP_POLICY_F_KEEP_FOREIGN, o->log, sizeof(o->log));
	o->n = failing__disarm(&o->failed);
	o->err = errno;
}

/* Old pointers on the stack would hide leaks. */
__attribute__((noinline)) static void scrub(void)
{
	volatile char room[128 * 1024];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = 0;
}

static size_t memory(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() :
							 0;
}

static void round_of(enum failing_kind kind, unsigned int k, struct outcome *o)
{
	size_t memory_before = memory();

	o->fds_before = count_in("/proc/self/fd", "");
	change(kind, k, o);
	o->fds_after = count_in("/proc/self/fd", "");
	scrub();
	if (memory() != memory_before && __lsan_do_recoverable_leak_check)
		o->leaks = __lsan_do_recoverable_leak_check();
	o->complete = true;
}

static void round_apart(enum failing_kind kind, unsigned int k, struct outcome *o)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		round_of(kind, k, o);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !o->complete)
		printf("# %u: found a process that ended with status %#x, expected an answer\n", k,
		       status);
}

static void print_point(unsigned int k, const struct failing_point *point)
{
	Dl_info info = { 0 };
	const char *file;

	dladdr(point->from, &info);
	file = info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
	file = file ? file + 1 : info.dli_fname;
	printf("# %u, %s() of %s+%#lx %s: ", k, point->call, file ? file : "?",
	       (unsigned long)((const char *)point->from - (const char *)info.dli_fbase),
	       info.dli_sname ? info.dli_sname : "");
}

__attribute__((format(printf, 3, 4))) static void wrong(unsigned int k,
							const struct failing_point *point,
							const char *fmt, ...)
{
	va_list args;

	print_point(k, point);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	figures.wrong++;
}

/* The answer, and what it says of the chain. */
static void check_answer(unsigned int k, const struct outcome *o, const struct view *old,
			 const struct view *new)
{
	const struct failing_point *point = &o->failed;

	if (o->rc < 0 && strcmp(old->chain, new->chain))
		wrong(k, point, "%d (%s): found chain '%s', expected '%s' as before", o->rc, o->log,
		      new->chain, old->chain);
	if (o->rc == 1 && (strcmp(new->order, ORDER_AFTER) || !strstr(new->chain, ", 3 linked:")))
		wrong(k, point, "1 (%s): found chain '%s', expected " ORDER_AFTER, o->log,
		      new->chain);
	if (o->rc == 0 || o->rc > 1)
		wrong(k, point, "found %d, expected 1 or a negative errno", o->rc);
	if (o->rc < 0 && o->err != -o->rc)
		wrong(k, point, "found errno %d after %d", o->err, o->rc);
	if (o->rc < 0 && !*o->log && o->rc != -ENOMEM)
		wrong(k, point, "found %d without a word, expected why", o->rc);
	if (o->fds_after != o->fds_before)
		wrong(k, point, "%d (%s): found %d descriptors, expected %d", o->rc, o->log,
		      o->fds_after, o->fds_before);
}

/* What the old chain leaves over is for the next call to clean up; a chain that was refused, now.
 */
static void check_rest(unsigned int k, const struct outcome *o)
{
	char text[200];

	if (is_clean(text, sizeof(text)))
		return;
	if (o->rc < 0)
		wrong(k, &o->failed, "%d (%s): %s", o->rc, o->log, text);
	figures.later++;
	print_point(k, &o->failed);
	printf("%d (%s): to be cleaned up later\n", o->rc, o->log);
	chain__recover();
	retired__collect(RETIRED_WAIT_MS);
	if (!is_clean(text, sizeof(text)))
		wrong(k, &o->failed, "%s, even after recovery", text);
}

static bool restore(unsigned int k, const struct failing_point *point)
{
	char log[1000];
	int rc = attach(before, 0, log, sizeof(log));

	if (rc == 1 && !*log)
		return true;
	wrong(k, point, "the way back: found %d (%s), expected 1", rc, log);
	rc = attach(before, XDP_POLICY_F_REPLACE_FOREIGN, log, sizeof(log));
	if (rc < 0)
		printf("# no way back: %d (%s)\n", rc, log);
	return rc >= 0;
}

/* Returns false if no call was left to fail, or nothing more can be done. */
static bool round_and_look(enum failing_kind kind, unsigned int k, struct view *view,
			   struct outcome *o)
{
	struct view new;

	*o = (struct outcome){ 0 };
	if (kind == FAILING_THEIR_MEMORY)
		round_apart(kind, k, o);
	else
		round_of(kind, k, o);
	look(&new);
	figures.rounds += !o->complete || o->failed.call;
	if (!o->complete) {
		figures.crashed++;
	} else {
		check_answer(k, o, view, &new);
		figures.refused += o->rc < 0;
		figures.tolerated += o->rc >= 0 && o->failed.call;
		if (o->leaks && kind != FAILING_THEIR_MEMORY)
			wrong(k, &o->failed, "%d (%s): found leaks", o->rc, o->log);
		figures.leaks += o->leaks;
	}
	check_rest(k, o);
	if (strcmp(view->chain, new.chain)) {
		if (!restore(k, &o->failed))
			return false;
		look(view);
	}
	return !o->complete || o->failed.call;
}

static bool parse_kind(const char *word, enum failing_kind *ret)
{
	static const char *const words[] = {
		[FAILING_CALLS] = "calls",
		[FAILING_MEMORY] = "memory",
		[FAILING_THEIR_MEMORY] = "their-memory",
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		*ret = i;
		if (!strcmp(word, words[i]))
			return true;
	}
	return false;
}

static int no_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level, (void)fmt, (void)args;
	return 0;
}

/* Once there and back, so that what is done only once in a process is done. */
static bool start(void)
{
	char log[1000];

	libbpf_set_print(no_print);
	policy = xdp_policy__open(NULL);
	if (xdp_policy__get_error(policy))
		return false;
	if (attach(before, 0, log, sizeof(log)) >= 0 &&
	    attach(after, XDP_POLICY_F_KEEP_FOREIGN, log, sizeof(log)) == 1 &&
	    attach(before, 0, log, sizeof(log)) == 1)
		return true;
	printf("# without any failure: %s\n", log);
	return false;
}

int main(int argc, char **argv)
{
	unsigned long k = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;
	unsigned long last = argc > 4 ? strtoul(argv[4], NULL, 0) : 0;
	unsigned long step = argc > 5 ? strtoul(argv[5], NULL, 0) : 1;
	enum failing_kind kind;
	struct outcome *o;
	struct view view;

	if (argc < 3 || !parse_kind(argv[2], &kind))
		return 2;
	ifindex = if_nametoindex(argv[1]);
	o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!ifindex || o == MAP_FAILED || !start())
		return 1;
	if (!last)
		last = UINT_MAX;
	look(&view);
	while (k <= last && round_and_look(kind, k, &view, o))
		k += step;
	if (k <= last && (o->rc != 1 || *o->log))
		wrong(k, &o->failed, "found %d (%s) without any failure, expected 1", o->rc,
		      o->log);
	printf("%u failed, %u refused, %u tolerated, %u later, %u crashed, %u leaks%s, %u wrong\n",
	       figures.rounds, figures.refused, figures.tolerated, figures.later, figures.crashed,
	       figures.leaks, __lsan_do_recoverable_leak_check ? "" : " (not looked for)",
	       figures.wrong);
	xdp_policy__close(policy);
	return 0;
}
