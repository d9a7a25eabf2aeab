// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Edits a file of the policy the way visudo does: an editor gets a copy, and the file is replaced
 * only by a text that is right. The copy belongs to the editor, which may replace it, or write to
 * it later; so what was checked is written to a second file of our own, and that takes the place.
 *
 * Nothing here must be cleaned up for the policy's sake: the names begin with a dot, and no reader
 * takes them. What a kill left behind goes away at the next edit, which has the lock.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "chain-file.h"
#include "common/output.h"
#include "common/program.h"
#include "editor.h"
#include "policy/plugin.h"
#include "replace.h"
#include "tool.h"

#define TEMP_PREFIX ".xdp-policy-edit."
#define TEMP_SIZE   (PATH_MAX + 64)
#define EDIT_ASK    (-1) /* no exit status yet: what came back can't be saved */

struct edit {
	const char *root; /* "" for the host */
	const char *arg;  /* NULL: the main file */
	char *path;	  /* what is replaced, links followed */
	char *dir;	  /* it stands there; ends with a slash */
	int dir_fd;	  /* holds the lock */
	bool exists;
	struct stat st;
	char *old; /* its text */
	size_t old_size;
	int failed; /* exit status, should nobody mend what came back */
};

/* For the signal handler: the two files. */
static char copy_path[TEMP_SIZE], new_path[TEMP_SIZE];

static const struct argp_option options[] = {
	{ "root", 'r', "DIR", 0, "Take DIR for the root directory", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct edit *edit = state->input;

	switch (key) {
	case 'r':
		edit->root = program__root(arg, state);
		return 0;
	case ARGP_KEY_ARG:
		if (edit->arg)
			argp_error(state, "found a second file '%s', expected one", arg);
		edit->arg = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- signals --- */

static void take_away(void)
{
	if (*copy_path)
		unlink(copy_path);
	if (*new_path)
		unlink(new_path);
	*copy_path = *new_path = '\0';
}

/* Only what POSIX allows here; the old file is as it was. */
static void on_signal(int sig)
{
	editor__signal(sig);
	take_away();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void handle_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_NODEFER }, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		/* what nohup(1) and the like ignore stays ignored */
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	/* nobody can wait for a child if its end is ignored */
	signal(SIGCHLD, SIG_DFL);
}

/* --- which file --- */

static char *join(const char *a, const char *b, const char *c)
{
	char *path;

	return asprintf(&path, "%s%s%s", a, b, c) < 0 ? NULL : path;
}

/* Where the file is once the links of its directories are followed, which stay below root. */
static int place_below(struct edit *edit, const char *dir, const char *name)
{
	char *file = join(edit->root, dir, name);
	int status = TOOL_OK;

	if (!file)
		return tool_no_memory();
	edit->path = below__resolve(edit->root, file + strlen(edit->root), false);
	if (!edit->path)
		status = tool_cannot(file, "find its directory", errno);
	free(file);
	return status;
}

/* A name alone is a file of the policy, anything with a slash is a path. */
static bool is_path(const struct edit *edit)
{
	return edit->arg && strchr(edit->arg, '/');
}

static int find_path(struct edit *edit)
{
	const char *name = edit->arg ? edit->arg : "priorities.conf";
	const char *dir = "/etc/xdp/priorities.d/";

	if (is_path(edit)) {
		edit->path = strdup(name);
		return edit->path ? TOOL_OK : tool_no_memory();
	}
	if (!strcmp(name, "priorities.conf") || !strcmp(name, "xdpswitch.conf"))
		dir = "/etc/xdp/";
	if (!policy_files__is_dropin(name)) {
		tool_error("found '%s', expected a name that ends in .conf, .yaml or .json, or a "
			   "path",
			   name);
		return TOOL_USAGE;
	}
	return place_below(edit, dir, name);
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && path[len] == '/';
}

/* Whether a link's target stands where the link itself may: in its directory, or the policy's. */
static bool is_ours(const struct edit *edit, const char *target)
{
	static const char *const dirs[] = { "/etc/xdp", "/run/xdp", "/usr/lib/xdp" };
	char *real = realpath(edit->dir, NULL), *dir;
	bool ours = real && is_below(target, real);

	free(real);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !ours; i++) {
		dir = below__resolve(edit->root, dirs[i], true);
		real = dir ? realpath(dir, NULL) : NULL;
		ours = real && is_below(target, real);
		free(real);
		free(dir);
	}
	return ours;
}

static int set_dir(struct edit *edit)
{
	const char *slash = strrchr(edit->path, '/');

	free(edit->dir);
	edit->dir = slash ? strndup(edit->path, slash + 1 - edit->path) : strdup("./");
	return edit->dir ? TOOL_OK : tool_no_memory();
}

static int follow_link(struct edit *edit)
{
	const char *root = is_path(edit) ? "" : edit->root;
	char why[OUTPUT_WHY_SIZE], *target, *real;
	bool is_link, ours;

	if (output__follow(root, edit->path + strlen(root), &target, why)) {
		tool_error("%s: %s", edit->path, why);
		return TOOL_CONFIG;
	}
	is_link = strcmp(target, edit->path);
	real = is_link ? realpath(target, NULL) : NULL;
	ours = real && is_ours(edit, real);
	free(target);
	if (is_link && !ours)
		tool_error("%s: found a link to '%s', expected one within the policy's "
			   "directories; edit that file itself",
			   edit->path, real ? real : "");
	if (is_link && ours) {
		free(edit->path);
		edit->path = real;
		return set_dir(edit);
	}
	free(real);
	return is_link ? TOOL_CONFIG : TOOL_OK;
}

/* A file that is named by its path has other directories as well, which are not ours to make. */
static int make_dirs(const struct edit *edit)
{
	int err = is_path(edit) ? output__make_dir(edit->path) : replace__make_dirs(edit->path);

	return err ? tool_cannot(edit->path, "make its directory", -err) : TOOL_OK;
}

/* Who may write into the directory can put another file in the place of each of ours. */
static int check_dir(const struct edit *edit)
{
	struct stat st;

	if (fstat(edit->dir_fd, &st))
		return TOOL_OK;
	if (st.st_uid && st.st_uid != geteuid())
		tool_error("%s: found owner %u, expected root or whoever runs this", edit->dir,
			   st.st_uid);
	else if (st.st_mode & 022)
		tool_error("%s: found mode %04o, expected no write permission for group and others",
			   edit->dir, st.st_mode & 07777);
	else
		return TOOL_OK;
	return TOOL_CONFIG;
}

static int lock_dir(struct edit *edit)
{
	edit->dir_fd = open(edit->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (edit->dir_fd < 0) {
		tool_error("%s: found no directory, expected one: %m", edit->dir);
		return errno == ENOENT || errno == ENOTDIR ? TOOL_USAGE : tool_status_of(errno);
	}
	if (!flock(edit->dir_fd, LOCK_EX | LOCK_NB))
		return check_dir(edit);
	if (errno == EWOULDBLOCK)
		tool_error("%s: found another xdp-policy edit at work in this directory, expected "
			   "none",
			   edit->dir);
	else
		tool_error("%s: cannot lock: %m", edit->dir);
	return TOOL_FOUND;
}

/* All that our prefix names: we have the lock, so that nobody else works with it. */
static void remove_stale(const struct edit *edit)
{
	DIR *dir = opendir(edit->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, TEMP_PREFIX, strlen(TEMP_PREFIX)))
			unlinkat(edit->dir_fd, entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/* The text that stands there now. Returns FILE_ABSENT with an empty one if there is no file. */
static enum policy_file_state read_target(const struct edit *edit, char **text, size_t *size)
{
	struct policy_stamp stamp;
	enum policy_file_state state;

	*text = NULL;
	*size = 0;
	state = policy_file__read(edit->path, 0, (uid_t)-1, text, size, &stamp, &tool_log_stderr);
	/* an empty file is one to edit */
	return state == FILE_MASKED ? FILE_GOOD : state;
}

static int open_target(struct edit *edit)
{
	enum policy_file_state state;

	edit->exists = !lstat(edit->path, &edit->st);
	if (edit->exists && !S_ISREG(edit->st.st_mode)) {
		tool_error("%s: found %s, expected a regular file", edit->path,
			   policy_file__type(edit->st.st_mode));
		return TOOL_USAGE;
	}
	state = read_target(edit, &edit->old, &edit->old_size);
	if (state == FILE_REFUSED)
		return !access(edit->path, R_OK) ? TOOL_CONFIG : tool_status_of(errno);
	return TOOL_OK;
}

/* --- the copy, and the editor --- */

/* The suffix at the end, so that an editor knows what to highlight. */
static int make_temp(const struct edit *edit, char *path)
{
	const char *suffix = strrchr(edit->path, '.');
	int len, fd;

	if (!suffix || strchr(suffix, '/'))
		suffix = "";
	len = snprintf(path, TEMP_SIZE, "%s" TEMP_PREFIX "XXXXXX%s", edit->dir, suffix);
	if (len >= TEMP_SIZE) {
		*path = '\0';
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemps(path, strlen(suffix), O_CLOEXEC);
	if (fd < 0)
		*path = '\0';
	return fd;
}

static int make_copy(const struct edit *edit)
{
	int fd = make_temp(edit, copy_path), err;

	if (fd >= 0 && !replace__write_all(fd, edit->old, edit->old_size) && !close(fd))
		return TOOL_OK;
	err = errno;
	if (fd >= 0)
		close(fd);
	tool_error("%s: cannot write a copy beside it: %s", edit->path, strerror(err));
	return tool_status_of(err);
}

/* --- what comes back --- */

static bool check_switch(const struct edit *edit, const char *text, size_t size)
{
	struct policy_switch sw;

	if (policy_switch__parse(&sw, edit->path, text, size, &tool_log_stderr))
		return false;
	/* below another root none is ever opened */
	policy_plugins__check(*edit->root ? NULL : PLUGIN_DIR, &sw, edit->path, &tool_log_stderr);
	return true;
}

static bool check_chains(const struct edit *edit, const char *text, size_t size)
{
	struct chain_file file;
	int err = chain_file__parse(text, size, edit->path, edit->dir, &tool_log_stderr, &file);

	if (!err)
		chain_file__free(&file);
	else if (err == -ENOMEM)
		tool_no_memory();
	return !err;
}

/* Whether the text may take the file's place. An empty one may: it masks. */
static bool check_text(const struct edit *edit, const char *text, size_t size)
{
	const char *slash = strrchr(edit->path, '/');
	const char *base = slash ? slash + 1 : edit->path;
	struct policy_rules rules = { .file = edit->path };
	int err;

	if (!size)
		return true;
	if (!strncmp(base, "xdpswitch.conf", strlen("xdpswitch.conf")))
		return check_switch(edit, text, size);
	if (chain_file__is_one(edit->path, text, size))
		return check_chains(edit, text, size);
	err = policy_rules__parse(&rules, text, size, &tool_log_stderr);
	policy_rules__clear(&rules);
	if (err == -ENOMEM)
		tool_no_memory();
	return !err;
}

/* Somebody who does not ask for the lock, a package's script perhaps, was faster. */
static bool is_as_it_was(struct edit *edit)
{
	enum policy_file_state state;
	char *text;
	size_t size;
	bool same;

	state = read_target(edit, &text, &size);
	same = state == (edit->exists ? FILE_GOOD : FILE_ABSENT) && size == edit->old_size &&
	       (!size || !memcmp(text, edit->old, size));
	if (same || state == FILE_REFUSED) {
		free(text);
		return same;
	}
	tool_error("%s: found other text in it than when the edit began; to save now replaces that",
		   edit->path);
	free(edit->old);
	edit->old = text;
	edit->old_size = size;
	edit->exists = !lstat(edit->path, &edit->st);
	return false;
}

static int put_in_place(struct edit *edit, const char *text, size_t size)
{
	mode_t mode = edit->exists ? edit->st.st_mode & 07777 : 0644;
	struct replace replace = { .fd = make_temp(edit, new_path) };
	int err = 0;

	if (replace.fd < 0)
		return -errno;
	replace.path = strdup(edit->path);
	replace.temp = strdup(new_path);
	if (!replace.path || !replace.temp)
		err = -ENOMEM;
	else if (replace__write_all(replace.fd, text, size))
		err = -errno;
	else if (edit->exists)
		err = replace__keep(replace.fd, edit->path, &edit->st);
	if (err)
		replace__abort(&replace);
	else
		err = replace__commit(&replace, mode);
	*new_path = '\0';
	return err;
}

/* Returns an exit status, or EDIT_ASK if there is something to mend. */
static int save(struct edit *edit, const char *text, size_t size)
{
	int err;

	if (size == edit->old_size && (!size || !memcmp(text, edit->old, size))) {
		tool_print("%s: unchanged\n", edit->path);
		return TOOL_OK;
	}
	if (!check_text(edit, text, size))
		return EDIT_ASK;
	edit->failed = TOOL_FOUND;
	if (!is_as_it_was(edit))
		return EDIT_ASK;
	err = put_in_place(edit, text, size);
	if (err) {
		tool_error("%s: cannot save: %s", edit->path, strerror(-err));
		edit->failed = tool_status_of(-err);
		return EDIT_ASK;
	}
	tool_print("%s: saved%s\n", edit->path,
		   size ? "" : "; it is empty now, and masks files of its name");
	return TOOL_OK;
}

static int take_back(struct edit *edit)
{
	struct policy_stamp stamp;
	char *text = NULL;
	size_t size = 0;
	int status = EDIT_ASK;

	edit->failed = TOOL_CONFIG;
	switch (policy_file__read(copy_path, 0, (uid_t)-1, &text, &size, &stamp,
				  &tool_log_stderr)) {
	case FILE_GOOD:
	case FILE_MASKED:
		status = save(edit, text ? text : "", size);
		break;
	case FILE_ABSENT:
		tool_error("%s: the editor took the copy away; nothing is saved", edit->path);
		status = TOOL_FOUND;
		break;
	case FILE_REFUSED:
		break;
	}
	free(text);
	return status;
}

/* Whether to edit again. Without an answer nobody is there who could. */
static bool ask(void)
{
	char *line = NULL, *answer, *end;
	size_t size = 0;
	bool again = false, known = false;

	while (!known) {
		fputs("What now? (e)dit again, e(x)it without saving: ", stdout);
		program__flush();
		if (getline(&line, &size, stdin) < 0) {
			putchar('\n');
			break;
		}
		answer = line + strspn(line, " \t");
		end = answer + strcspn(answer, " \t\r\n");
		*end = '\0';
		again = !*answer || !strcmp(answer, "e");
		known = again || !strcmp(answer, "x");
		if (!known)
			tool_print("found '%s', expected e or x; what is wrong cannot be saved\n",
				   answer);
	}
	free(line);
	return again;
}

static int edit_until_right(struct edit *edit)
{
	int status;

	do {
		status = editor__run(copy_path);
		if (!status)
			status = take_back(edit);
	} while (status == EDIT_ASK && ask());
	if (status == EDIT_ASK) {
		tool_print("%s: not changed\n", edit->path);
		status = edit->failed;
	}
	return status;
}

static int edit_locked(struct edit *edit)
{
	int status = open_target(edit);

	if (status)
		return status;
	remove_stale(edit);
	handle_signals();
	/* what is typed ahead may be meant for the editor */
	setvbuf(stdin, NULL, _IONBF, 0);
	status = make_copy(edit);
	if (!status)
		status = edit_until_right(edit);
	take_away();
	/* an editor's own: what it kept of the copy before, what it would recover */
	remove_stale(edit);
	return status;
}

static int begin(struct edit *edit)
{
	int status = find_path(edit);

	if (!status)
		status = make_dirs(edit);
	if (!status)
		status = set_dir(edit);
	if (!status)
		status = follow_link(edit);
	if (!status)
		status = lock_dir(edit);
	return status;
}

int cmd_edit(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[FILE]",
		.doc = "Edits a file of the policy, and saves it only if it is right. A FILE "
		       "without a slash is one of /etc/xdp/priorities.d; the default is "
		       "/etc/xdp/priorities.conf.",
	};
	struct edit edit = { .root = "", .dir_fd = -1 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &edit);
	status = begin(&edit);
	if (!status)
		status = edit_locked(&edit);
	if (edit.dir_fd >= 0)
		close(edit.dir_fd);
	free(edit.path);
	free(edit.dir);
	free(edit.old);
	return status;
}
