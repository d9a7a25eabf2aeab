// SPDX-License-Identifier: LGPL-2.1-or-later
/* Arguments that are empty, those of --root and --rescan, and what could not be written: looked at
 * in one place for all programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/program.h"
#include "tool.h"
#include "util/encode.h"

static bool is_empty(const char *arg)
{
	const char *value = strncmp(arg, "--", 2) ? NULL : strchr(arg, '=');

	return !*arg || (value && !value[1]);
}

void program__refuse_empty(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *behind = *argv[i] ? argv[i] : argv[i - 1];

		if (!is_empty(argv[i]))
			continue;
		if (*behind == '-')
			fprintf(stderr,
				"%s: found an empty argument behind %.*s, expected a word\n", name,
				(int)strcspn(behind, "="), behind);
		else
			fprintf(stderr, "%s: found an empty argument, expected a word\n", name);
		exit(TOOL_USAGE);
	}
}

const char *program__root(const char *arg, struct argp_state *state)
{
	int fd = open(arg, O_PATH | O_DIRECTORY | O_CLOEXEC), err = errno;
	bool found = fd >= 0;
	char *shown;

	/* what cannot be searched would seem empty */
	if (found && faccessat(fd, ".", X_OK, AT_EACCESS)) {
		err = errno;
		found = false;
	}
	if (fd >= 0)
		close(fd);
	if (found)
		return arg;
	shown = encode__shown_copy(arg);
	argp_failure(state, err == EACCES ? TOOL_PERM : TOOL_USAGE, err, "%s: cannot open",
		     shown ? shown : "out of memory");
	free(shown);
	return arg;
}

#define MAX_RESCAN 86400

unsigned int program__rescan(const char *arg, struct argp_state *state)
{
	char *end;
	long seconds = strtol(arg, &end, 10);

	if (*end || seconds < 1 || seconds > MAX_RESCAN)
		argp_error(state, "--rescan: found '%s', expected seconds from 1 to %d", arg,
			   MAX_RESCAN);
	return (unsigned int)seconds;
}

int program__flush(void)
{
	static int err; /* of the first that failed: later ones have nothing left to write */

	if (fflush(stdout) && !err)
		err = errno;
	if (ferror(stdout) && !err)
		err = EIO;
	return err;
}

static bool failed;

/* What could not be written was not said. */
static void check_output(void)
{
	int err = program__flush();

	if (!err || failed)
		return;
	fprintf(stderr, "%s: standard output: cannot write: %s\n", program_invocation_short_name,
		strerror(err));
	_exit(TOOL_FOUND);
}

void program__check_output(void)
{
	atexit(check_output);
}

int program__end(int status)
{
	failed = status != TOOL_OK;
	return status;
}
