// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "editor.h"
#include "tool.h"

#define MAX_WORDS 32
#define SAFE_PATH "/usr/sbin:/usr/bin:/sbin:/bin"

extern char **environ;

static volatile sig_atomic_t editor_pid;

void editor__signal(int sig)
{
	if (editor_pid > 0)
		kill(editor_pid, sig);
}

/* Runs words and waits. Returns its wait status, or -1 with errno if it cannot be run. */
static int run(char **words)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old_int, old_quit;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int err, status = 0;
	pid_t pid;

	/* as system(3): on a terminal these are meant for the editor */
	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGXFSZ);
	if (old_int.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGINT);
	if (old_quit.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGQUIT);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	err = posix_spawnp(&pid, words[0], NULL, &attr, words, environ);
	posix_spawnattr_destroy(&attr);
	if (!err) {
		editor_pid = pid;
		while (waitpid(pid, &status, 0) < 0 && !err)
			err = errno == EINTR ? 0 : errno;
		editor_pid = 0;
	}
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGQUIT, &old_quit, NULL);
	errno = err;
	return err ? -1 : status;
}

/* Cuts text at blanks; nothing in it has another meaning. Returns false for too many words. */
static bool split(char *text, const char *path, char **words)
{
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(text, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (n == MAX_WORDS)
			return false;
		words[n++] = w;
	}
	words[n] = (char *)path;
	words[n + 1] = NULL;
	return true;
}

static int run_text(const char *text, const char *path)
{
	char *words[MAX_WORDS + 2], *copy = strdup(text);
	int status = -1;

	if (!copy) {
		errno = ENOMEM;
		return -1;
	}
	if (split(copy, path, words))
		status = run(words);
	else
		errno = E2BIG;
	free(copy);
	return status;
}

/* From the environment, unless that is somebody else's. */
static const char *chosen_editor(void)
{
	static const char *const names[] = { "VISUAL", "EDITOR" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = secure_getenv(names[i]);

		if (value && value[strspn(value, " \t")])
			return value;
	}
	return NULL;
}

int editor__run(const char *path)
{
	const char *editor = chosen_editor();
	int status;

	if (getuid() != geteuid() || getauxval(AT_SECURE)) {
		editor = NULL;
		setenv("PATH", SAFE_PATH, 1);
	}
	if (editor) {
		status = run_text(editor, path);
	} else {
		editor = "editor";
		status = run_text(editor, path);
		if (status < 0 && errno == ENOENT) {
			editor = "vi";
			status = run_text(editor, path);
		}
	}
	if (!status)
		return TOOL_OK;
	if (status < 0)
		tool_error("cannot run the editor '%s': %m; VISUAL or EDITOR names another",
			   editor);
	else if (WIFSIGNALED(status))
		tool_error("the editor '%s' was ended by signal %d; nothing is saved", editor,
			   WTERMSIG(status));
	else
		tool_error("the editor '%s' ended with status %d; nothing is saved", editor,
			   WEXITSTATUS(status));
	return TOOL_FOUND;
}
