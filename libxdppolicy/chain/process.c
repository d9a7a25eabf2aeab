// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "util/generation.h"
#include "util/in-root.h"

/* After an upgrade a running program is still what its path said when it started. */
static void read_executable(struct process_facts *facts)
{
	static const char deleted[] = " (deleted)";
	ssize_t len, suffix = strlen(deleted);

	len = readlink("/proc/self/exe", facts->executable, sizeof(facts->executable) - 1);
	if (len <= 0)
		facts->withheld |= 1U << COND_EXECUTABLE;
	facts->executable[len > 0 ? len : 0] = '\0';
	if (len > suffix && !strcmp(facts->executable + len - suffix, deleted))
		facts->executable[len - suffix] = '\0';
}

static bool is_unit(const char *name, size_t len)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t suffix_len = strlen(suffixes[i]);

		if (len > suffix_len && !memcmp(name + len - suffix_len, suffixes[i], suffix_len))
			return true;
	}
	return false;
}

/*
 * The last unit on the path of systemd's own hierarchy: "0::" alone, or "N:name=systemd:" where
 * version 1 is in use. A delegated unit may have groups of its own below.
 */
void process__unit_of(const char *cgroup, char *unit, size_t size)
{
	const char *path = strstr(cgroup, ":name=systemd:");
	size_t len;

	*unit = '\0';
	if (path)
		path += strlen(":name=systemd:");
	else if (!strncmp(cgroup, "0::", 3))
		path = cgroup + 3;
	else if ((path = strstr(cgroup, "\n0::")))
		path += 4;
	else
		return;
	for (const char *end = path + strcspn(path, "\n"); path < end; path += len) {
		path += *path == '/';
		len = strcspn(path, "/\n");
		if (is_unit(path, len) && len < size) {
			memcpy(unit, path, len);
			unit[len] = '\0';
		}
		if (!len)
			break;
	}
}

/* That a fact could not be learned does not say what it is; that there is no such file does. */
static void note(struct process_facts *facts, enum policy_cond cond, int err)
{
	if (err && err != ENOENT)
		facts->withheld |= 1U << cond;
}

static void read_unit(struct process_facts *facts)
{
	char text[3000];
	ssize_t len;
	int fd;

	facts->unit[0] = '\0';
	fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		/* without /proc there is no word of it, with it there are no units */
		note(facts, COND_UNIT, *facts->executable ? errno : EACCES);
		return;
	}
	len = read(fd, text, sizeof(text) - 1);
	note(facts, COND_UNIT, len < 0 ? errno : 0);
	close(fd);
	if (len <= 0) /* without a hierarchy there is no line, and no unit */
		return;
	text[len] = '\0';
	process__unit_of(text, facts->unit, sizeof(facts->unit));
}

FILE *process__open_passwd(const char *root)
{
	FILE *passwd = NULL;
	char *path;
	int fd;

	if (asprintf(&path, "%s/etc/passwd", root) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	fd = in_root__open(path, strlen(root), O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		passwd = fdopen(fd, "r");
	if (fd >= 0 && !passwd)
		close(fd);
	free(path);
	return passwd;
}

/*
 * From /etc/passwd alone: getpwuid() would load name service modules into whatever application
 * this is. A user from elsewhere can be matched by number.
 */
static void read_user(struct process_facts *facts)
{
	struct passwd pw, *found;
	char buf[1024];
	FILE *f;
	int err;

	snprintf(facts->uid, sizeof(facts->uid), "%u", facts->euid);
	snprintf(facts->user, sizeof(facts->user), "%s", facts->uid);
	f = process__open_passwd(facts->root ? facts->root : "");
	if (!f) {
		note(facts, COND_USER, errno);
		return;
	}
	while (!(err = fgetpwent_r(f, &pw, buf, sizeof(buf), &found))) {
		if (found->pw_uid != facts->euid)
			continue;
		snprintf(facts->user, sizeof(facts->user), "%s", found->pw_name);
		break;
	}
	note(facts, COND_USER, err);
	fclose(f);
}

static void read_host(struct process_facts *facts)
{
	if (gethostname(facts->host, sizeof(facts->host) - 1))
		facts->host[0] = '\0';
}

void process__refresh(struct process_facts *facts)
{
	unsigned int generation = generation__get();
	uid_t euid = geteuid();

	if (facts->withheld)
		facts->generation = 0; /* once more */
	facts->withheld = 0;
	if (facts->generation != generation) {
		read_executable(facts);
		read_unit(facts);
		read_host(facts);
	}
	if (facts->generation != generation || facts->euid != euid) {
		facts->euid = euid;
		read_user(facts);
	}
	facts->generation = generation;
}

static const char *known(const char *fact)
{
	return *fact ? fact : NULL;
}

void process__describe(const struct process_facts *facts, struct policy_subject *subject)
{
	subject->value[COND_EXECUTABLE] = known(facts->executable);
	subject->value[COND_USER] = known(facts->user);
	subject->uid = known(facts->uid);
	/* outside of any unit is a fact too: it lets "unit = !foo.service" hold */
	subject->value[COND_UNIT] = facts->withheld & 1U << COND_UNIT ? NULL : facts->unit;
	subject->withheld |= facts->withheld;
	subject->value[COND_HOST] = known(facts->host);
}
