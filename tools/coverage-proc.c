// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a running process is reached. One that ends meanwhile is as good as never started. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/process.h"
#include "common/proc-looks.h"
#include "coverage.h"
#include "preload-file.h"
#include "preload/elsewhere.h"

#define MAX_TEXT (2 << 20) /* of an environment */

/* What of it is in memory, and what it holds. */
struct process {
	int dir; /* of /proc; it stays that process's when the number is another's */
	bool shim, hooks, libxdp, libbpf, libbpf_0;
	bool program, link;
	bool skips;
};

static FILE *open_text(const struct process *process, const char *name)
{
	int fd = openat(process->dir, name, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f && fd >= 0)
		close(fd);
	return f;
}

static int read_maps(struct process *process)
{
	FILE *f = open_text(process, "maps");
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return -errno;
	while (getline(&line, &size, f) > 0) {
		const char *path = strchr(line, '/'), *name = path ? strrchr(path, '/') : NULL;

		if (!name)
			continue;
		process->shim |= !strncmp(name + 1, PRELOAD_NAME, strlen(PRELOAD_NAME));
		process->hooks |= !strncmp(name, "/libxdppolicy-hooks.so", 22);
		process->libxdp |= !strncmp(name, "/libxdp.so.", 11);
		process->libbpf |= !strncmp(name, "/libbpf.so.", 11);
		process->libbpf_0 |= !strncmp(name, "/libbpf.so.0", 12);
	}
	free(line);
	fclose(f);
	return 0;
}

/* One descriptor of BPF's. */
static void read_fdinfo(struct process *process, const char *number)
{
	char path[300], line[256], word[32];
	unsigned int type;
	FILE *f;

	snprintf(path, sizeof(path), "fdinfo/%s", number);
	f = open_text(process, path);
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "prog_type: %u", &type) == 1)
			process->program |= type == BPF_PROG_TYPE_XDP || type == BPF_PROG_TYPE_EXT;
		if (sscanf(line, "link_type: %31s", word) == 1)
			process->link |= !strcmp(word, "xdp");
	}
	if (f)
		fclose(f);
}

static void read_descriptors(struct process *process)
{
	int fd = openat(process->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d && fd >= 0)
		close(fd);
	while (d && (entry = readdir(d))) {
		char target[64];
		ssize_t len = readlinkat(dirfd(d), entry->d_name, target, sizeof(target) - 1);

		target[len > 0 ? len : 0] = '\0';
		if (strstr(target, "anon_inode:") == target && strstr(target, "bpf"))
			read_fdinfo(process, entry->d_name);
	}
	if (d)
		closedir(d);
}

/* As libxdp asks for it: 1, and nothing else. */
static void read_environment(struct process *process)
{
	FILE *f = open_text(process, "environ");
	char *variable = NULL;
	size_t size = 0, all = 0;
	ssize_t len;

	while (f && all < MAX_TEXT && (len = getdelim(&variable, &size, '\0', f)) > 0) {
		all += len;
		process->skips |= !strcmp(variable, "LIBXDP_SKIP_DISPATCHER=1");
	}
	free(variable);
	if (f)
		fclose(f);
}

static void read_unit(const struct process *process, char *unit, size_t size)
{
	char text[4096];
	FILE *f = open_text(process, "cgroup");
	size_t len = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[len] = '\0';
	if (f)
		fclose(f);
	process__unit_of(text, unit, size);
}

static bool is_elsewhere(const struct process *process, const char *ns)
{
	char own[32];
	struct stat a, b;

	snprintf(own, sizeof(own), "/proc/self/%s", ns);
	if (fstatat(process->dir, ns, &a, 0) || stat(own, &b))
		return false;
	return a.st_ino != b.st_ino || a.st_dev != b.st_dev;
}

/* Its path, also if another file has taken its place since. Returns a descriptor of what runs. */
static int open_executable(const struct process *process, char *path, size_t size)
{
	static const char deleted[] = " (deleted)";
	ssize_t len = readlinkat(process->dir, "exe", path, size - 1);
	size_t suffix = strlen(deleted);

	if (len <= 0)
		return -1;
	path[len] = '\0';
	if ((size_t)len > suffix && !strcmp(path + len - suffix, deleted))
		path[len - suffix] = '\0';
	return openat(process->dir, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* Of what runs in another root directory its file's path is the host's, and its libraries' is not.
 */
static void cut_root(const struct process *process, char *path)
{
	char root[PATH_MAX];
	ssize_t len = readlinkat(process->dir, "root", root, sizeof(root) - 1);

	if (len > 1 && !strncmp(path, root, len) && path[len] == '/')
		memmove(path, path + len, strlen(path + len) + 1);
}

static void classify(const struct coverage_host *host, const struct process *process, int fd,
		     struct coverage *coverage)
{
	struct libraries *libraries;
	char root[64], path[PATH_MAX];

	if (!(coverage->notes & (NOTE_MNT_NS | NOTE_ROOT))) {
		coverage__look_at_file(host->libraries, fd, coverage);
		return;
	}
	/* a container has libraries of its own */
	snprintf(root, sizeof(root), "/proc/%d/root", coverage->pid);
	libraries = libraries__new(root, libraries__budget(host->libraries));
	if (!libraries)
		return;
	strcpy(path, coverage->name);
	cut_root(process, coverage->name);
	coverage__look_at_file(libraries, fd, coverage);
	strcpy(coverage->name, path);
	libraries__free(libraries);
}

static bool is_libxdps(enum coverage_reason reason)
{
	return reason <= REASON_STATIC && reason != REASON_OURS;
}

/* Its file tells what it does without libxdp, or that it need not, though libxdp is in its memory.
 */
static bool is_past_libxdp(enum coverage_reason reason)
{
	return reason == REASON_OWN_PROGRAM || reason == REASON_SKIPS || reason == REASON_UNCALLED;
}

/* What it does says more than what is in its file. */
static void correct(const struct process *process, struct coverage *coverage)
{
	if (process->libxdp && coverage__class(coverage) >= COVERAGE_NONE &&
	    !is_past_libxdp(coverage->reason)) {
		coverage->reason = process->libbpf_0 ? REASON_LIBBPF_0 : REASON_SHARED;
		coverage->notes |= NOTE_MAY_OPEN;
		*coverage->detail = '\0';
	}
	if (process->libbpf && !process->program && !process->link &&
	    coverage->reason == REASON_NO_BPF) {
		coverage->reason = REASON_LIBRARY_MAY;
		coverage->notes |= NOTE_MAY_OPEN;
		strcpy(coverage->detail, "through libbpf");
	}
	if (process->skips && is_libxdps(coverage->reason))
		coverage->reason = REASON_SKIPS;
	if (process->program)
		coverage->notes |= NOTE_HOLDS;
	if (process->program && coverage__class(coverage) >= COVERAGE_NO_XDP &&
	    coverage->reason != REASON_UNCALLED)
		coverage->reason = REASON_HOLDS_PROGRAM;
	if (process->link && coverage->reason != REASON_OURS)
		coverage->reason = REASON_HOLDS_LINK;
}

/*
 * A service with a mount namespace of its own has the host's root, and may not have all that is in
 * it. A container has another root, and a policy of its own.
 */
static const char *find_hidden(const struct process *process)
{
	struct stat ours, theirs;
	char path[PATH_MAX];
	const char *need;

	if (stat("/", &ours) || fstatat(process->dir, "root/", &theirs, 0) ||
	    ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
		return NULL;
	for (unsigned int i = 0; (need = coverage_host__needs(i)); i++) {
		snprintf(path, sizeof(path), "root%s", need);
		if (!stat(need, &ours) &&
		    (fstatat(process->dir, path, &theirs, 0) || ours.st_dev != theirs.st_dev ||
		     ours.st_ino != theirs.st_ino))
			return need;
	}
	return NULL;
}

static void check_view(const struct process *process, struct coverage *coverage)
{
	const char *hidden = NULL;

	if (coverage->notes & NOTE_MNT_NS && coverage__class(coverage) <= COVERAGE_AT_OPEN &&
	    coverage->reason != REASON_OURS)
		hidden = find_hidden(process);
	if (!hidden)
		return;
	coverage->reason = REASON_HIDDEN;
	snprintf(coverage->detail, sizeof(coverage->detail), "%s of the host is not what it has",
		 hidden);
}

static void set_state(const struct coverage_host *host, const struct process *process,
		      struct coverage *coverage)
{
	bool there = !(coverage->notes & (NOTE_MNT_NS | NOTE_ROOT));
	bool enabled =
		there && *coverage->unit && coverage_unit__is_preloaded(host, coverage->unit);

	coverage_host__set_state(host, enabled, coverage);
	if (coverage__class(coverage) > COVERAGE_AT_OPEN ||
	    (coverage->state != STATE_ENABLED && coverage->state != STATE_OFF &&
	     coverage->state != STATE_DAEMON))
		return;
	if (process->shim)
		coverage->state = process->hooks ? STATE_ACTIVE : STATE_LOADED;
	else if (coverage->state == STATE_ENABLED && there)
		coverage->state = host->daemon ? STATE_DAEMON : STATE_RESTART;
	else
		coverage->state = host->daemon ? STATE_DAEMON : STATE_OFF;
}

static int look_at(const struct coverage_host *host, struct process *process,
		   struct coverage *coverage)
{
	int fd, err;

	err = read_maps(process);
	if (err)
		return err;
	read_descriptors(process);
	read_environment(process);
	read_unit(process, coverage->unit, sizeof(coverage->unit));
	if (is_elsewhere(process, "ns/mnt"))
		coverage->notes |= NOTE_MNT_NS;
	else if (is_elsewhere(process, "root"))
		coverage->notes |= NOTE_ROOT;
	if (coverage->notes & (NOTE_MNT_NS | NOTE_ROOT) &&
	    preload_elsewhere__lacks(coverage->pid) > 0)
		coverage->notes |= NOTE_LACKS;
	if (is_elsewhere(process, "ns/net"))
		coverage->notes |= NOTE_NET_NS;
	fd = open_executable(process, coverage->name, sizeof(coverage->name));
	if (fd < 0)
		return -errno;
	classify(host, process, fd, coverage);
	close(fd);
	correct(process, coverage);
	check_view(process, coverage);
	set_state(host, process, coverage);
	return 0;
}

static int open_process(pid_t pid, struct process *process)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	*process = (struct process){ .dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	return process->dir < 0 ? -ESRCH : 0;
}

/* What is asked of the child, and what it answers. */
struct look {
	pid_t pid;
	int err;
	uint64_t budget;
	struct coverage coverage;
};

static void look_in_child(void *ctx, void *data)
{
	struct coverage_host *host = ctx;
	struct look *look = data;
	struct process process;

	host->budget = look->budget;
	look->coverage = (struct coverage){ .what = WHAT_PROCESS, .pid = look->pid };
	look->err = open_process(look->pid, &process);
	if (look->err)
		return;
	look->err = look_at(host, &process, &look->coverage);
	look->budget = host->budget;
	close(process.dir);
}

struct proc_looks *coverage__new_looks(struct coverage_host *host)
{
	return proc_looks__new(look_in_child, host, sizeof(struct look));
}

static bool is_refusal(int err)
{
	return err == -EACCES || err == -EPERM;
}

/* What anybody may know of it. */
static bool look_from_outside(pid_t pid, struct coverage *coverage)
{
	struct process process;
	FILE *f;

	*coverage = (struct coverage){ .what = WHAT_PROCESS, .pid = pid, .reason = REASON_REFUSED };
	if (open_process(pid, &process))
		return false;
	read_unit(&process, coverage->unit, sizeof(coverage->unit));
	f = open_text(&process, "comm");
	if (f && fgets(coverage->name, sizeof(coverage->name), f))
		coverage->name[strcspn(coverage->name, "\n")] = '\0';
	if (f)
		fclose(f);
	close(process.dir);
	return true;
}

/* Its files gave no answer. */
static int tell_no_answer(pid_t pid, int err, pid_t silent, struct coverage *coverage)
{
	if (!look_from_outside(pid, coverage))
		return -ESRCH;
	coverage->reason = REASON_NO_ANSWER;
	if (err == -ETIMEDOUT)
		snprintf(coverage->detail, sizeof(coverage->detail),
			 "the files of process %d did not answer within %d s", silent,
			 PROC_LOOKS_SECONDS);
	else
		snprintf(coverage->detail, sizeof(coverage->detail), "cannot look at it: %s",
			 strerror(-err));
	return 0;
}

int coverage__look_at_process(const struct coverage_host *host, pid_t pid,
			      struct coverage *coverage)
{
	struct look look = { .pid = pid, .budget = *libraries__budget(host->libraries) };
	pid_t silent = 0;
	int err = proc_looks__ask(host->looks, pid, &look, &silent);

	if (!err) {
		*coverage = look.coverage;
		*libraries__budget(host->libraries) = look.budget;
		err = look.err;
	} else if (err != -ENOENT && err != -ESRCH && !is_refusal(err)) {
		err = tell_no_answer(pid, err, silent, coverage);
	}
	return err == -ENOENT ? -ESRCH : err;
}

/* Whether it is worth a look at its file. */
static int is_candidate(pid_t pid)
{
	struct process process;
	int err = open_process(pid, &process);

	if (err)
		return err;
	err = read_maps(&process);
	read_descriptors(&process);
	close(process.dir);
	return err ? err : process.libxdp || process.libbpf || process.program || process.link;
}

static bool is_of_unit(pid_t pid, const char *unit)
{
	struct process process;
	char found[256];

	if (open_process(pid, &process))
		return false;
	read_unit(&process, found, sizeof(found));
	close(process.dir);
	return !strcmp(found, unit);
}

/* Of all processes: systemd opens libbpf for other things, and nothing says that it attaches XDP.
 */
static bool is_of_no_interest(const struct coverage *coverage)
{
	return coverage__class(coverage) == COVERAGE_NO_XDP ||
	       (coverage->reason == REASON_LIBRARY_MAY && coverage->notes & NOTE_MAY_OPEN);
}

/* Whether it was told of. */
static bool tell(const struct coverage_host *host, const char *unit, pid_t pid, coverage_fn *fn,
		 void *ctx)
{
	struct coverage coverage;
	int rc = unit ? is_of_unit(pid, unit) : is_candidate(pid);

	if (rc > 0)
		rc = coverage__look_at_process(host, pid, &coverage) ?: 1;
	if (is_refusal(rc))
		rc = look_from_outside(pid, &coverage);
	if (rc <= 0 || (!unit && is_of_no_interest(&coverage)))
		return false;
	fn(ctx, &coverage);
	return true;
}

size_t coverage__each_process(const struct coverage_host *host, const char *unit, coverage_fn *fn,
			      void *ctx)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	size_t told = 0;
	char *end;

	while (d && (entry = readdir(d))) {
		long pid = strtol(entry->d_name, &end, 10);

		if (!*end && pid > 0 && pid != getpid() && !proc_looks__is_child(host->looks, pid))
			told += tell(host, unit, pid, fn, ctx);
	}
	if (d)
		closedir(d);
	return told;
}
