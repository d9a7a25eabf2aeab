// SPDX-License-Identifier: LGPL-2.1-or-later
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <sha2.h>

#include "object-file.h"
#include "policy/files.h"

struct why {
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4))) static int explain(const struct why *why, int err,
							 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, why->size, fmt, args);
	va_end(args);
	return err;
}

static void note(void *ctx, enum policy_level level, const char *file, unsigned int line,
		 const char *text)
{
	const struct why *why = ctx;

	(void)level, (void)file, (void)line;
	snprintf(why->text, why->size, "%s", text);
}

/* Root's, or one's own, for whoever loads it without being root. */
static uid_t owner_of(const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_uid == geteuid() ? st.st_uid : 0;
}

/* As rule files are. */
static int open_checked(const char *path, uid_t owner, struct policy_stamp *stamp,
			const struct why *why)
{
	const struct policy_log log = { .fn = note, .ctx = (void *)why };
	enum policy_file_state state;
	int fd;

	*why->text = '\0';
	state = policy_file__open(path, 0, owner, &fd, stamp, &log);
	switch (state) {
	case FILE_GOOD:
		return fd;
	case FILE_ABSENT:
		return explain(why, -ENOENT, "found no file, expected a BPF object");
	case FILE_MASKED:
		return explain(why, -EINVAL, "found an empty file, expected a BPF object");
	case FILE_REFUSED:
		break;
	}
	return stamp->err ? -stamp->err : S_ISREG(stamp->mode) ? -EPERM : -EINVAL;
}

static int read_all(int fd, unsigned char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += n;
	}
	return 0;
}

static int check_elf(const unsigned char *data, size_t size, const struct why *why)
{
	Elf64_Ehdr header;

	if (size < sizeof(header) || memcmp(data, ELFMAG, SELFMAG))
		return explain(why, -ENOEXEC, "found no ELF file, expected a BPF object");
	memcpy(&header, data, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_BPF ||
	    header.e_type != ET_REL)
		return explain(why, -ENOEXEC,
			       "found an ELF file for another machine, expected a BPF object");
	return 0;
}

static int check_sum(const unsigned char *data, size_t size, const char *expected,
		     const struct why *why)
{
	char sum[SHA256_DIGEST_STRING_LENGTH];

	if (expected && strcasecmp(SHA256Data(data, size, sum), expected))
		return explain(why, -EBADMSG, "found SHA-256 sum %s, expected %s", sum, expected);
	return 0;
}

static int read_fd(int fd, off_t size, const char *sha256, void **ret, const struct why *why)
{
	unsigned char *data;
	int err;

	if (size > OBJECT_FILE_MAX_SIZE)
		return explain(why, -EFBIG, "found %lld bytes, expected at most %d",
			       (long long)size, OBJECT_FILE_MAX_SIZE);
	data = malloc(size);
	if (!data)
		return explain(why, -ENOMEM, "out of memory");
	err = read_all(fd, data, size);
	if (err)
		explain(why, err, "cannot read: %s", strerror(-err));
	if (!err)
		err = check_elf(data, size, why);
	if (!err)
		err = check_sum(data, size, sha256, why);
	if (err)
		free(data);
	else
		*ret = data;
	return err;
}

static int read_owned(const char *path, uid_t owner, const char *sha256, void **data, size_t *size,
		      const struct why *why)
{
	struct policy_stamp stamp;
	int fd, err;

	fd = open_checked(path, owner, &stamp, why);
	if (fd < 0)
		return fd;
	*size = stamp.size;
	err = read_fd(fd, stamp.size, sha256, data, why);
	close(fd);
	return err;
}

int object_file__read(const char *path, const char *sha256, void **data, size_t *size, char *text,
		      size_t text_size)
{
	const struct why why = { text, text_size };

	return read_owned(path, owner_of(path), sha256, data, size, &why);
}

int object_file__read_any(const char *path, void **data, size_t *size, char *text, size_t text_size)
{
	const struct why why = { text, text_size };

	return read_owned(path, (uid_t)-1, NULL, data, size, &why);
}

int object_file__check(int fd, const char *sha256, char *text, size_t text_size)
{
	const struct why why = { text, text_size };
	struct stat st;
	void *data;
	int err;

	if (fstat(fd, &st))
		return explain(&why, -errno, "cannot look at it: %m");
	err = read_fd(fd, st.st_size, sha256, &data, &why);
	if (!err)
		free(data);
	return err;
}
