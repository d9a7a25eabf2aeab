// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A process that resolves while its files are replaced, written to, truncated, refused, masked and
 * restored at random. What each file is has a model here, and from it follows what must be decided.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libxdppolicy.h"
#include "policy/db.h"
#include "unit.h"

enum kind {
	RULES,
	DB,
	SWITCH
};

enum content {
	ABSENT,
	MASKED,
	GOOD,
	MALFORMED,
	REFUSED /* is no file that could be read */
};

/* n of a place without rules */
#define NONE UINT32_MAX

static struct place {
	const char *path;
	const char *program; /* that nobody else has a rule for */
	enum kind kind;
	uint32_t vendor; /* what holds if the file is absent */
	/* what it is now */
	enum content content;
	bool regular, writable;
	uint32_t n;
	/* what the process has of it */
	uint32_t loaded;
} places[] = {
	{ "/etc/xdp/priorities.conf", "main", .kind = RULES, .vendor = 900001 },
	{ "/etc/xdp/priorities.d/50-local.conf", "local", .kind = RULES, .vendor = NONE },
	{ "/etc/xdp/priorities.d/60-vendor.conf", "vendor", .kind = RULES, .vendor = 900002 },
	{ POLICY_DB_PATH, "db", .kind = DB, .vendor = NONE },
	{ .path = "/etc/xdp/xdpswitch.conf", .kind = SWITCH, .vendor = 0 },
};
#define N_PLACES (sizeof(places) / sizeof(places[0]))

/* n of the switch; 0 is what holds without one */
static const char *const orders[] = { "files cdb app btf", "cdb files", "cdb", "files" };

static char *root;

/* The actions that go with a priority: a decision that mixes two policies shows. */
static uint32_t actions_of(uint32_t n)
{
	return n * 2654435761U >> 27;
}

static void text_of(const struct place *place, uint32_t n, char *text, size_t size)
{
	const struct xdp_policy_value value = { .num = actions_of(n) };
	char actions[128];

	if (place->kind == SWITCH) {
		snprintf(text, size, "priority: %s\nchain-call-actions: %s\n", orders[n],
			 orders[n]);
		return;
	}
	ck_assert(!xdp_policy_value__print(XDP_POLICY_CHAIN_CALL_ACTIONS, &value, actions,
					   sizeof(actions)));
	snprintf(text, size, "[%u]\nprogram = p %s\npriority = %u\nchain-call-actions = %s\n", n,
		 place->program, n, actions);
}

/* What a good file has in it; returns its size. */
static size_t bytes_of(const struct place *place, char *bytes, size_t size)
{
	struct policy_rules rules = { .file = strdup("x.conf") };
	const struct policy_rules *sets[] = { &rules };
	ssize_t n_bytes;
	int fd;

	text_of(place, place->n, bytes, size);
	if (place->kind == DB) {
		ck_assert(!policy_rules__parse(&rules, bytes, strlen(bytes), NULL));
		fd = open(root, O_TMPFILE | O_RDWR, 0600);
		ck_assert_int_ge(fd, 0);
		ck_assert(!policy_db__write(fd, sets, 1, NULL, NULL));
		n_bytes = pread(fd, bytes, size, 0);
		ck_assert(n_bytes > 0 && (size_t)n_bytes < size);
		close(fd);
		policy_rules__clear(&rules);
	} else {
		n_bytes = strlen(bytes);
	}
	free(rules.file);
	return n_bytes;
}

static void put_in_place(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), size);
	close(fd);
}

/* Takes away whatever is there. Nothing here goes through a link: one is to /dev/null. */
static void clear(const char *path)
{
	ck_assert(!remove(path) || errno == ENOENT);
}

static void put_by_rename(const char *path, const char *bytes, size_t size)
{
	struct stat st;
	char *new = strdup(at(root, "/new"));

	put_in_place(new, bytes, size);
	if (!lstat(path, &st) && S_ISDIR(st.st_mode))
		clear(path);
	ck_assert(!rename(new, path));
	free(new);
}

static void set(struct place *place, enum content content, bool regular)
{
	place->content = content;
	place->regular = regular;
	place->writable = false;
}

static void put_good(struct place *place, const char *path, bool in_place)
{
	static uint32_t last;
	char bytes[8192];
	size_t size;

	place->n = place->kind == SWITCH ? (uint32_t)rand() % 4 : ++last;
	size = bytes_of(place, bytes, sizeof(bytes));
	if (in_place && place->regular) {
		put_in_place(path, bytes, size);
		place->content = GOOD; /* as writable as it was */
	} else {
		put_by_rename(path, bytes, size);
		set(place, GOOD, true);
	}
}

/* Cuts a file off where the rest of it is not a smaller policy. */
static void cut_off(struct place *place, const char *path)
{
	char text[400];
	size_t end;

	if (place->content != GOOD)
		return;
	text_of(place, place->n, text, sizeof(text));
	if (place->kind == SWITCH)
		end = 5;
	else if (place->kind == DB)
		end = 2000;
	else
		end = strstr(text, "priority =") + 10 - text;
	ck_assert(!truncate(path, 1 + rand() % end));
	place->content = MALFORMED;
}

/* One byte of a file becomes another; of a database, any one. A line of the switch is left whole.
 */
static void damage(struct place *place, const char *path)
{
	struct stat st;
	char byte;
	off_t at;
	int fd;

	if (place->content != GOOD || place->kind == SWITCH)
		return;
	fd = open(path, O_RDWR);
	ck_assert(fd >= 0 && !fstat(fd, &st));
	at = place->kind == DB ? rand() % st.st_size : 0;
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte = place->kind == DB ? byte ^ (1 + rand() % 255) : '=';
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
	place->content = MALFORMED;
}

static void put_no_file(struct place *place, const char *path)
{
	clear(path);
	switch (rand() % 3) {
	case 0:
		ck_assert(!mkdir(path, 0755));
		break;
	case 1:
		ck_assert(!mkfifo(path, 0644));
		break;
	default:
		ck_assert(!symlink("nowhere", path));
		break;
	}
	set(place, REFUSED, false);
}

static void mask(struct place *place, const char *path)
{
	if (rand() % 2) {
		put_by_rename(path, "", 0);
		set(place, MASKED, true);
		return;
	}
	clear(path);
	ck_assert(!symlink("/dev/null", path));
	set(place, MASKED, false);
}

static void set_mode(struct place *place, const char *path, bool writable)
{
	if (!place->regular)
		return;
	ck_assert(!chmod(path, writable ? 0666 : 0644));
	place->writable = writable;
}

static void change(struct place *place)
{
	char *path = strdup(at(root, place->path));

	switch (rand() % 16) {
	case 0 ... 3:
		put_good(place, path, false);
		break;
	case 4 ... 6:
		put_good(place, path, true);
		break;
	case 7:
		cut_off(place, path);
		break;
	case 8:
		damage(place, path);
		break;
	case 9:
		put_by_rename(path, "]\n", 2);
		set(place, MALFORMED, true);
		break;
	case 10:
		clear(path);
		set(place, ABSENT, false);
		break;
	case 11:
		put_no_file(place, path);
		break;
	case 12:
		mask(place, path);
		break;
	case 13:
		set_mode(place, path, true);
		break;
	default:
		set_mode(place, path, false);
		break;
	}
	free(path);
}

/* The rules of the vendor are below the others, and nothing happens to them. */
static void make_places(void)
{
	char text[400];

	put_file(root, "/etc/xdp/priorities.d/x", "");
	put_file(root, "/var/lib/xdp-policy/x", "");
	text_of(&places[0], places[0].vendor, text, sizeof(text));
	put_file(root, "/usr/lib/xdp/priorities.conf", text);
	text_of(&places[2], places[2].vendor, text, sizeof(text));
	put_file(root, "/usr/lib/xdp/priorities.d/60-vendor.conf", text);
	for (size_t i = 0; i < N_PLACES; i++) {
		set(&places[i], ABSENT, false);
		places[i].loaded = NONE;
	}
}

static enum content seen_as(const struct place *place)
{
	return place->writable ? REFUSED : place->content;
}

/* What a process takes over that looks at the place now. */
static void load(struct place *place)
{
	switch (seen_as(place)) {
	case GOOD:
		place->loaded = place->n;
		break;
	case ABSENT:
	case MASKED:
		place->loaded = place->kind == SWITCH ? 0 : NONE;
		break;
	case MALFORMED: /* the last good version; of the switch, the default for the line */
		if (place->kind == SWITCH)
			place->loaded = 0;
		break;
	case REFUSED:
		break;
	}
}

/* The priority that all files together give a program, or those of one place; NONE for none. */
static uint32_t expected(const struct place *only)
{
	uint32_t files = NONE, cdb = NONE, order = 0;

	for (size_t i = 0; i < N_PLACES; i++) {
		const struct place *place = &places[i];
		uint32_t n = place->content == ABSENT ? place->vendor : place->loaded;

		if (place->kind == SWITCH)
			order = n == NONE ? 0 : n;
		else if (only && only != place)
			continue;
		else if (place->kind == DB)
			cdb = n;
		else if (n != NONE)
			files = n; /* the later overrides */
	}
	switch (order) {
	case 0:
		return files != NONE ? files : cdb;
	case 1:
		return cdb != NONE ? cdb : files;
	case 2:
		return cdb;
	}
	return files;
}

static unsigned int expected_errors(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < N_PLACES; i++)
		n += seen_as(&places[i]) == REFUSED || seen_as(&places[i]) == MALFORMED;
	return n;
}

/* The priority that is decided; fails if what is decided is no whole policy. */
static uint32_t decide(struct xdp_policy *policy, const char *program)
{
	struct xdp_policy_subject subject = { .sz = sizeof(subject), .program = program };
	struct xdp_policy_decision *decision = xdp_policy__resolve(policy, &subject, NULL);
	const struct xdp_policy_answer *a, *b;
	struct xdp_policy_value priority, actions;
	uint32_t ret = NONE;
	char name[20];
	int rc;

	ck_assert_int_eq(xdp_policy__get_error(decision), 0);
	rc = xdp_policy_decision__value(decision, XDP_POLICY_PRIORITY, &priority);
	ck_assert_int_eq(
		xdp_policy_decision__value(decision, XDP_POLICY_CHAIN_CALL_ACTIONS, &actions), rc);
	if (rc == 1) {
		a = xdp_policy_decision__winner(decision, XDP_POLICY_PRIORITY);
		b = xdp_policy_decision__winner(decision, XDP_POLICY_CHAIN_CALL_ACTIONS);
		ret = priority.num;
		snprintf(name, sizeof(name), "%u", ret);
		ck_assert_str_eq(a->rule, name);
		ck_assert_str_eq(b->rule, name);
		ck_assert_str_eq(a->file, b->file);
		ck_assert_uint_eq(actions.num, actions_of(ret));
	} else {
		ck_assert_int_eq(rc, 0);
		ck_assert_uint_eq(priority.num, 50);
		ck_assert_uint_eq(actions.num, 4);
	}
	xdp_policy_decision__free(decision);
	return ret;
}

static void count(void *ctx, enum xdp_policy_level level, const char *file, unsigned int line,
		  const char *text)
{
	unsigned int *n = ctx;

	(void)level;
	(void)line;
	ck_assert(!strncmp(file, root, strlen(root)) && *text);
	++*n;
}

static struct xdp_policy *open_here(unsigned int *n_messages)
{
	struct xdp_policy_open_opts opts = {
		.sz = sizeof(opts), .root = root, .message = count, .message_ctx = n_messages
	};
	struct xdp_policy *policy;

	*n_messages = 0;
	policy = xdp_policy__open(&opts);
	ck_assert_int_eq(xdp_policy__get_error(policy), 0);
	return policy;
}

/* Valgrind is slow, and nothing here depends on how often it is done. */
static unsigned int operations(unsigned int n)
{
	const char *preload = getenv("LD_PRELOAD"), *given = getenv("XDP_POLICY_TEST_OPERATIONS");

	if (given)
		return atoi(given);
	return preload && strstr(preload, "vgpreload") ? n / 20 : n;
}

static void setup(void)
{
	const char *seed = getenv("XDP_POLICY_TEST_SEED");

	srand(seed ? atoi(seed) : 1);
	/* ext4 writes out at once what replaces another file; in memory it takes a tenth of the
	 * time */
	root = strdup("/dev/shm/xdp-policy-unit-XXXXXX");
	if (!mkdtemp(root)) {
		free(root);
		root = make_root();
	}
	make_places();
}

static void teardown(void)
{
	remove_root(root);
}

static void expect_decision(struct xdp_policy *policy, const struct place *only, unsigned int i,
			    const struct place *changed)
{
	const char *program = only ? only->program : "p";
	uint32_t is = decide(policy, program), should = expected(only);

	ck_assert_msg(is == should, "operation %u, %s is %d, mode %d: %s is %u, expected %u", i,
		      changed->path, changed->content, changed->writable, program, is, should);
}

static void expect_errors(struct xdp_policy *policy, unsigned int i, const struct place *changed)
{
	unsigned int is = xdp_policy__n_errors(policy), should = expected_errors();

	ck_assert_msg(is == should, "operation %u, %s is %d, mode %d: %u errors, expected %u", i,
		      changed->path, changed->content, changed->writable, is, should);
}

/* After each change, the next decision is what the model says. */
START_TEST(test_follows_within_one_decision)
{
	unsigned int n = operations(10000), n_messages;
	struct xdp_policy *policy = open_here(&n_messages);

	for (unsigned int i = 0; i < n; i++) {
		struct place *place = &places[rand() % N_PLACES];
		/* else all files would always be too young to be trusted, and be read again */
		if (i % 200 == 0) {
			usleep(25000);
			ck_assert_uint_eq(decide(policy, "p"), expected(NULL));
		}
		change(place);
		for (size_t p = 0; p < N_PLACES; p++)
			load(&places[p]);
		if (i % 2)
			expect_errors(policy, i, place);
		expect_decision(policy, NULL, i, place);
		place = &places[rand() % N_PLACES];
		if (place->kind != SWITCH)
			expect_decision(policy, place, i, place);
	}
	ck_assert_uint_gt(n_messages, n / 10);
	xdp_policy__close(policy);
}
END_TEST

/* What the two processes share. */
struct shared {
	atomic_bool stop;
	atomic_uint n_changes;
};

static void keep_changing(struct shared *shared)
{
	while (!shared->stop) {
		change(&places[rand() % N_PLACES]);
		shared->n_changes++;
	}
	/* all good in the end, with the default switch */
	for (size_t i = 0; i < N_PLACES; i++) {
		char *path = strdup(at(root, places[i].path));

		if (places[i].kind == SWITCH)
			clear(path);
		else
			put_good(&places[i], path, false);
		free(path);
	}
	_exit(0);
}

#define N_DIFFERENT 10 /* at least so many decisions, however long that takes */

/* While another process changes them without a pause, each decision is one whole policy. */
START_TEST(test_never_sees_half_a_policy)
{
	unsigned int n_messages, n = 0, n_different = 0;
	struct xdp_policy *policy, *anew;
	time_t end = time(NULL) + 3;
	uint32_t now, last = NONE;
	struct shared *shared;
	int status;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		keep_changing(shared);
	policy = open_here(&n_messages);
	while (n_different < operations(1000) && (time(NULL) < end || n_different <= N_DIFFERENT) &&
	       !waitpid(pid, &status, WNOHANG)) {
		now = decide(policy, "p");
		n_different += now != last;
		last = now;
		n++;
		decide(policy, places[n % (N_PLACES - 1)].program);
	}
	ck_assert_uint_gt(n_different, N_DIFFERENT);
	shared->stop = true;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);

	/* it ends where a process begins that opens all anew */
	now = decide(policy, "p");
	anew = xdp_policy__open(&(struct xdp_policy_open_opts){
		.sz = sizeof(struct xdp_policy_open_opts), .root = root });
	ck_assert_uint_eq(now, decide(anew, "p"));
	ck_assert_uint_ne(now, NONE);
	ck_assert_uint_eq(xdp_policy__n_errors(policy), 0);
	xdp_policy__close(anew);
	xdp_policy__close(policy);
	if (getenv("XDP_POLICY_TEST_VERBOSE"))
		printf("%u changes, %u decisions, %u other than the one before, %u messages\n",
		       shared->n_changes, n, n_different, n_messages);
	munmap(shared, sizeof(*shared));
}
END_TEST

TCase *reload_tests(void)
{
	TCase *tc = tcase_create("reload");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_follows_within_one_decision);
	tcase_add_test(tc, test_never_sees_half_a_policy);
	return tc;
}
