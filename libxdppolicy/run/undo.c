// SPDX-License-Identifier: LGPL-2.1-or-later
/* Keeps what load has replaced, finds it again, and takes it away when it is of no use. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chain/journal.h"
#include "chain/lock.h"
#include "run-file.h"
#include "undo-pins.h"
#include "undo-text.h"
#include "util/sample.h"

/* Where ip-netns(8) has the network namespaces that have a name. */
#define NAMED_NETNS "/run/netns"

/* How many are looked at of those that nobody has asked about. */
#define SOME 8

static const char undo_dir[] = "undo";

#define NAME_SIZE 40

static void print_name(const struct undo_key *key, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu64 "-%d", key->netns, key->ifindex);
}

static bool parse_name(const char *name, struct undo_key *ret)
{
	char again[NAME_SIZE];

	if (sscanf(name, "%" SCNu64 "-%d", &ret->netns, &ret->ifindex) != 2)
		return false;
	print_name(ret, again);
	return !strcmp(name, again);
}

uint64_t undo__new_run(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

int undo__here(int ifindex, struct undo_key *ret)
{
	struct journal_entry here;
	int err = journal__start(ifindex, &here);

	if (!err)
		*ret = (struct undo_key){ .netns = here.netns, .ifindex = ifindex };
	return err;
}

void undo__path(const struct undo_key *key, char path[UNDO_PATH_SIZE])
{
	char name[NAME_SIZE];

	print_name(key, name);
	snprintf(path, UNDO_PATH_SIZE, XDP_POLICY_RUN_DIR "/%s/%.40s", undo_dir, name);
}

/* --- what is kept --- */

__attribute__((format(printf, 3, 4))) static int explain(char why[UNDO_WHY_SIZE], int err,
							 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, UNDO_WHY_SIZE, fmt, args);
	va_end(args);
	return err;
}

/* The pins go first: what has a file is found again. */
static void drop(int dir, const char *name)
{
	undo_pins__trim(name, NULL, NULL);
	unlinkat(dir, name, 0);
}

void undo__drop(int ifindex)
{
	int dir = run_dir__find(undo_dir);
	struct undo_key key;
	char name[NAME_SIZE];

	if (dir < 0)
		return;
	if (!undo__here(ifindex, &key)) {
		print_name(&key, name);
		if (!faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW))
			drop(dir, name);
	}
	close(dir);
}

static int write_file(int dir, const char *name, uint64_t run, const struct chain *before,
		      const struct chain *after)
{
	struct undo *undo = calloc(1, sizeof(*undo));
	char *text = malloc(UNDO_TEXT_SIZE);
	int err = -ENOMEM;

	if (undo && text) {
		undo->run = run;
		undo->before = *before;
		for (; undo->n_after < after->n; undo->n_after++)
			undo->after[undo->n_after] = after->program[undo->n_after].info.id;
		err = run_file__put(dir, name, text, undo_text__print(undo, text), true);
	}
	free(text);
	free(undo);
	return err;
}

/* Whoever is killed in between leaves pins of both, and the text of one. */
static int keep(int dir, const char *name, uint64_t run, const struct chain *before,
		const struct chain *after, char why[UNDO_WHY_SIZE])
{
	char where[UNDO_PIN_PATH];
	int err = undo_pins__add(name, before, after, where);

	if (err)
		return explain(why, err, "%.200s: %s", where, strerror(-err));
	err = write_file(dir, name, run, before, after);
	if (err)
		return explain(why, err, XDP_POLICY_RUN_DIR "/%s/%s: %s", undo_dir, name,
			       strerror(-err));
	undo_pins__trim(name, before, after);
	return 0;
}

int undo__keep(uint64_t run, const struct chain *before, const struct chain *after,
	       char why[UNDO_WHY_SIZE])
{
	char dir_why[RUN_DIR_WHY_SIZE], name[NAME_SIZE];
	struct undo_key key;
	int err = undo__here(before->ifindex, &key), dir;

	if (err)
		return explain(why, err, "/proc/thread-self/ns/net: %s", strerror(-err));
	dir = run_dir__open(undo_dir);
	if (dir < 0)
		return explain(why, dir, "%s", run_dir__strerror(dir, undo_dir, dir_why));
	print_name(&key, name);
	err = keep(dir, name, run, before, after, why);
	if (err)
		drop(dir, name);
	close(dir);
	return err;
}

/* --- what can be had back --- */

static int read_file(int dir, const char *name, struct undo *ret)
{
	char *text = malloc(UNDO_TEXT_SIZE);
	int len;

	if (!text)
		return -ENOMEM;
	len = run_file__read(dir, name, text, UNDO_TEXT_SIZE - 1);
	if (len >= 0) {
		text[len] = '\0';
		len = undo_text__parse(text, len, ret);
	}
	free(text);
	return len == -EFBIG ? -EINVAL : len;
}

int undo__read(const struct undo_key *key, struct undo *ret)
{
	int dir = run_dir__find(undo_dir), err;
	char name[NAME_SIZE];

	if (dir < 0)
		return dir;
	print_name(key, name);
	err = read_file(dir, name, ret);
	close(dir);
	return err;
}

static int each_file(void (*fn)(void *ctx, const char *name), void *ctx)
{
	int fd = run_dir__find(undo_dir);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir)))
		fn(ctx, entry->d_name);
	closedir(dir);
	return 0;
}

struct caller {
	void (*fn)(void *ctx, const struct undo_key *key);
	void *ctx;
};

static void call(void *ctx, const char *name)
{
	const struct caller *caller = ctx;
	struct undo_key key;

	if (caller->fn && parse_name(name, &key))
		caller->fn(caller->ctx, &key);
}

int undo__each(void (*fn)(void *ctx, const struct undo_key *key), void *ctx)
{
	return each_file(call, &(struct caller){ fn, ctx });
}

/* --- what is of no use --- */

struct sweeping {
	int dir; /* -1: nothing is kept */
	uint64_t netns;
	bool (*asked)(const void *ctx, int ifindex);
	const void *ctx;
	void (*look_at)(const struct sweeping *s, const struct undo_key *key);
	struct sample others;
};

static bool is_named(uint64_t netns)
{
	DIR *dir = opendir(NAMED_NETNS);
	struct dirent *entry;
	bool found = false;
	struct stat st;

	while (dir && !found && (entry = readdir(dir)))
		found = !fstatat(dirfd(dir), entry->d_name, &st, 0) && st.st_ino == netns;
	if (dir)
		closedir(dir);
	return found;
}

/*
 * A program that came in place of others tells whether the interface is there, whatever its network
 * namespace: what an interface has that is gone, chain_sweep__now() takes away. Of one that has
 * none now only its namespace can be looked for, by name.
 */
static bool is_over(const struct sweeping *s, const char *name, const struct undo_key *key)
{
	char ifname[IF_NAMESIZE];
	struct undo undo;

	if (key->netns == s->netns && !if_indextoname(key->ifindex, ifname))
		return true;
	if (read_file(s->dir, name, &undo))
		return false;
	if (undo.n_after)
		return proginfo__is_gone(undo.after[0]);
	return key->netns != s->netns && !is_named(key->netns);
}

static void look_at_file(const struct sweeping *s, const struct undo_key *key)
{
	char name[NAME_SIZE];

	print_name(key, name);
	if (is_over(s, name, key))
		drop(s->dir, name);
}

/* Those without a file are of one that somebody has removed. */
static void look_at_pins(const struct sweeping *s, const struct undo_key *key)
{
	char name[NAME_SIZE];

	print_name(key, name);
	if (s->dir < 0 || faccessat(s->dir, name, F_OK, AT_SYMLINK_NOFOLLOW))
		undo_pins__trim(name, NULL, NULL);
}

static void choose(void *ctx, const char *name)
{
	struct undo_key key, *other;
	struct sweeping *s = ctx;

	if (!parse_name(name, &key))
		return;
	if (s->asked(s->ctx, key.ifindex)) {
		s->look_at(s, &key);
		return;
	}
	other = sample__next(&s->others);
	if (other)
		*other = key;
}

/* Whoever writes one has the lock that we have: what is not finished is of one that was killed. */
static void choose_file(void *ctx, const char *name)
{
	const struct sweeping *s = ctx;

	if (strstr(name, RUN_FILE_NEW))
		unlinkat(s->dir, name, 0);
	else
		choose(ctx, name);
}

static void look_at_others(struct sweeping *s)
{
	for (size_t i = 0; i < s->others.n; i++)
		s->look_at(s, (const struct undo_key *)s->others.kept + i);
	free(s->others.kept);
}

void undo__sweep(bool (*asked)(const void *ctx, int ifindex), const void *ctx)
{
	static const struct sample some = { .max = SOME, .size = sizeof(struct undo_key) };
	struct undo_key here = { 0 };
	struct sweeping s = { .dir = run_dir__find(undo_dir), .asked = asked, .ctx = ctx };

	/* what is not known cannot be judged */
	if ((s.dir >= 0 || s.dir == -ENOENT) && !undo__here(0, &here)) {
		s.netns = here.netns;
		s.others = some;
		s.look_at = look_at_file;
		each_file(choose_file, &s);
		look_at_others(&s);
		s.others = some;
		s.look_at = look_at_pins;
		undo_pins__each(choose, &s);
		look_at_others(&s);
	}
	if (s.dir >= 0)
		close(s.dir);
}
