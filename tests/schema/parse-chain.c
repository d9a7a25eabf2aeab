// SPDX-License-Identifier: LGPL-2.1-or-later
/* parse-chain FILE...: what the parser of chain files says of each, as "LINE: text". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-file.h"

static void print(void *ctx, enum policy_level level, const char *file, unsigned int line,
		  const char *text)
{
	(void)ctx;
	(void)level;
	(void)file;
	printf("%u: %s\n", line, text);
}

static int parse(const char *path)
{
	const struct policy_log log = { .fn = print };
	struct chain_file file;
	char text[65536];
	size_t size;
	FILE *f = fopen(path, "re");
	int rc;

	if (!f) {
		perror(path);
		return 2;
	}
	size = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (size == sizeof(text))
		return 2;
	rc = chain_file__parse(text, size, path, "/dir", &log, &file);
	chain_file__free(&file);
	return !rc ? 0 : rc == -EINVAL ? 1 : 2;
}

/* The exit status is 0 if all are good, 1 if one is wrong, 2 if one can't be read. */
int main(int argc, char **argv)
{
	int status = 0, rc;

	for (int i = 1; i < argc; i++) {
		rc = parse(argv[i]);
		if (rc > status)
			status = rc;
	}
	return status;
}
