// SPDX-License-Identifier: LGPL-2.1-or-later
/* Objects are refused for what they are before anything of them is used. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/object-file.h"
#include "unit.h"

static char *root, path[256];

static void setup(void)
{
	root = make_root();
	snprintf(path, sizeof(path), "%s/object.o", root);
}

static void teardown(void)
{
	remove_root(root);
}

static void write_object(unsigned char class, unsigned int machine, size_t size)
{
	const Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, class },
		.e_machine = machine,
		.e_type = ET_REL,
	};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, &header, size), size);
	close(fd);
}

static void good_object(void)
{
	write_object(ELFCLASS64, EM_BPF, sizeof(Elf64_Ehdr));
}

static void refused(int err, const char *sha256, const char *why)
{
	char text[256];
	void *data;
	size_t size;

	ck_assert_int_eq(object_file__read(path, sha256, &data, &size, text, sizeof(text)), err);
	ck_assert_msg(strstr(text, why), "found '%s', expected '%s'", text, why);
}

static void taken(const char *sha256)
{
	char text[256];
	void *data;
	size_t size;

	ck_assert_int_eq(object_file__read(path, sha256, &data, &size, text, sizeof(text)), 0);
	ck_assert_uint_eq(size, sizeof(Elf64_Ehdr));
	ck_assert_int_eq(memcmp(data, ELFMAG, SELFMAG), 0);
	free(data);
}

START_TEST(test_good)
{
	good_object();
	taken(NULL);
}
END_TEST

START_TEST(test_sum)
{
	/* of the 64 bytes that write_object() makes; by sha256sum(1) */
	static const char sum[] =
		"c9df2e9ee31b0e8046ff24009df13e46eafa6c008b7bb8b895f21d489e01ebf7";
	char upper[sizeof(sum)], other[sizeof(sum)];

	good_object();
	taken(sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		upper[i] = sum[i] >= 'a' && sum[i] <= 'f' ? sum[i] - 'a' + 'A' : sum[i];
	taken(upper);
	memcpy(other, sum, sizeof(sum));
	other[63] ^= 1;
	refused(-EBADMSG, other, sum);
}
END_TEST

START_TEST(test_no_object)
{
	refused(-ENOENT, NULL, "found no file");
	put_file(root, "/object.o", "");
	refused(-EINVAL, NULL, "found an empty file");
	put_file(root, "/object.o", "\177EL");
	refused(-ENOEXEC, NULL, "found no ELF file");
	put_file(
		root, "/object.o",
		"# this is a longer text than any header of an ELF file would be, but it is none\n");
	refused(-ENOEXEC, NULL, "found no ELF file");
	write_object(ELFCLASS64, EM_X86_64, sizeof(Elf64_Ehdr));
	refused(-ENOEXEC, NULL, "another machine");
	write_object(ELFCLASS32, EM_BPF, sizeof(Elf64_Ehdr));
	refused(-ENOEXEC, NULL, "another machine");
	write_object(ELFCLASS64, EM_BPF, sizeof(Elf64_Ehdr) - 1);
	refused(-ENOEXEC, NULL, "found no ELF file");
}
END_TEST

START_TEST(test_who_may_write)
{
	good_object();
	ck_assert_int_eq(chmod(path, 0664), 0);
	refused(-EPERM, NULL, "expected no write permission");
	ck_assert_int_eq(chmod(path, 0646), 0);
	refused(-EPERM, NULL, "expected no write permission");
	ck_assert_int_eq(chmod(path, 0600), 0);
	taken(NULL);
	if (geteuid())
		return; /* nobody else can give a file away */
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	refused(-EPERM, NULL, "65534");
}
END_TEST

START_TEST(test_other_things)
{
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	refused(-EINVAL, NULL, "expected a regular file");
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	refused(-EINVAL, NULL, "expected a regular file");
	rmdir(path);
	good_object();
	ck_assert_int_eq(truncate(path, OBJECT_FILE_MAX_SIZE + 1), 0);
	refused(-EFBIG, NULL, "expected at most");
}
END_TEST

TCase *object_file_tests(void)
{
	TCase *tc = tcase_create("object-file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_good);
	tcase_add_test(tc, test_sum);
	tcase_add_test(tc, test_no_object);
	tcase_add_test(tc, test_who_may_write);
	tcase_add_test(tc, test_other_things);
	return tc;
}
