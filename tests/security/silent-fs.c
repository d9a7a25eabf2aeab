// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * silent-fs DIR: a file system over a directory, of which nothing is ever answered, as on a server
 * that is gone. Each request is read, so that who waits for the answer cannot be killed until this
 * program ends. It says "ready", and waits.
 */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Requests before this one is answered wait in another way. */
static void answer_init(int fd, const struct fuse_in_header *request)
{
	struct {
		struct fuse_out_header header;
		struct fuse_init_out init;
	} answer = {
		.header = { .len = sizeof(answer), .unique = request->unique },
		.init = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 },
	};

	if (write(fd, &answer, sizeof(answer)) != sizeof(answer))
		fail("answer");
	puts("ready");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static _Alignas(struct fuse_in_header) char request[1 << 18];
	const struct fuse_in_header *header = (const void *)request;
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (argc != 2 || fd < 0)
		fail("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 fd);
	if (mount("silent", argv[1], "fuse", MS_NOSUID | MS_NODEV, options))
		fail("mount");
	while (read(fd, request, sizeof(request)) > 0)
		if (header->opcode == FUSE_INIT)
			answer_init(fd, header);
	return 0;
}
