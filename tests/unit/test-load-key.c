// SPDX-License-Identifier: LGPL-2.1-or-later
/* The sum that a program is known by before it is loaded, and objects that there is none of. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/load-key.h"
#include "unit.h"

static unsigned char *data;
static size_t size;
static struct bpf_object *object;

static void open_object(const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/bpf/%s", BUILD_DIR, name);
	f = fopen(path, "re");
	ck_assert_msg(f, "%s: %m", path);
	data = malloc(1 << 20);
	size = fread(data, 1, 1 << 20, f);
	fclose(f);
	object = bpf_object__open_mem(data, size, NULL);
	ck_assert(!libbpf_get_error(object));
}

static void close_object(void)
{
	bpf_object__close(object);
	free(data);
}

static const char *sum_of(size_t len)
{
	static char sums[2][LOAD_KEY_SIZE];
	static unsigned int next;
	char *sum = sums[next++ % 2];

	load_key__sum(object, data, len, sum);
	return sum;
}

static bool may_be(const char *name)
{
	bool ret;

	open_object(name);
	ret = *sum_of(size);
	close_object();
	return ret;
}

START_TEST(test_by_object)
{
	ck_assert(may_be("ord_a.o"));
	ck_assert(may_be("ord_pair.o"));
	ck_assert(!may_be("ord_core.o"));
	ck_assert(!may_be("ord_config.o"));
}
END_TEST

/* The first place of .BTF.ext, which begins as .BTF does, but with another size. */
static unsigned char *find_ext(void)
{
	static const unsigned char head[] = { 0x9f, 0xeb, 1, 0, 32, 0, 0, 0 };

	return memmem(data, size, head, sizeof(head));
}

/* What is not as it was known when this was written may ask for anything. */
START_TEST(test_unknown_layout)
{
	static const struct {
		size_t at;
		unsigned char byte;
	} changes[] = { { 0, 0 }, { 2, 2 }, { 4, 40 }, { 28, 1 } };
	unsigned char *ext, was;
	Elf64_Ehdr header;

	open_object("ord_a.o");
	ext = find_ext();
	ck_assert(ext);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		was = ext[changes[i].at];
		ext[changes[i].at] = changes[i].byte;
		ck_assert_msg(!*sum_of(size), "byte %zu", changes[i].at);
		ext[changes[i].at] = was;
	}
	ck_assert(*sum_of(size));

	memcpy(&header, data, sizeof(header));
	ck_assert(!*sum_of(header.e_shoff + header.e_shentsize));
	ck_assert(!*sum_of(sizeof(header) - 1));
	header.e_shnum = 0; /* which says that the number is elsewhere */
	memcpy(data, &header, sizeof(header));
	ck_assert(!*sum_of(size));
	close_object();
}
END_TEST

/* All but debugging information counts. */
START_TEST(test_each_byte)
{
	char sum[LOAD_KEY_SIZE];
	size_t n_debugging = 0;

	open_object("ord_pair.o");
	strcpy(sum, sum_of(size));
	for (size_t i = 0; i < size; i++) {
		data[i] ^= 0x10;
		n_debugging += !strcmp(sum_of(size), sum);
		data[i] ^= 0x10;
	}
	ck_assert_str_eq(sum_of(size), sum);
	ck_assert_uint_gt(n_debugging, size / 4);
	close_object();

	open_object("ord_pair.o");
	for (const char *const *word =
		     (const char *const[]){ "ord_g", "cnt_h", "order.bpf.c", NULL };
	     *word; word++) {
		unsigned char *at = memmem(data, size, *word, strlen(*word) + 1);

		ck_assert_msg(at, "%s", *word);
		for (; at; at = memmem(at + 1, data + size - at - 1, *word, strlen(*word) + 1))
			*at ^= 1;
		ck_assert_str_ne(sum_of(size), sum);
	}
	close_object();
}
END_TEST

static const char *key_of(const struct load_key_facts *facts)
{
	static char keys[2][LOAD_KEY_SIZE];
	static unsigned int next;
	char *key = keys[next++ % 2];

	load_key__make(facts, key);
	return key;
}

START_TEST(test_key)
{
	static const char *const maps[] = { "a", "b", NULL }, *const others[] = { "ab", NULL };
	struct load_key_facts facts, other;

	open_object("ord_pair.o");
	facts = (struct load_key_facts){
		.sum = "sum",
		.object = object,
		.program = bpf_object__find_program_by_name(object, "ord_g"),
	};
	ck_assert_uint_eq(strlen(key_of(&facts)), LOAD_KEY_SIZE - 1);
	ck_assert_str_eq(key_of(&facts), key_of(&facts));
#define DIFFERS(field, ...)        \
	other = facts;             \
	other.field = __VA_ARGS__; \
	ck_assert_str_ne(key_of(&facts), key_of(&other))
	DIFFERS(sum, "other");
	DIFFERS(program, bpf_object__find_program_by_name(object, "ord_h"));
	DIFFERS(flags, 1);
	DIFFERS(pin_path, "/sys/fs/bpf/x");
	DIFFERS(share_maps, maps);
	facts.share_maps = maps;
	DIFFERS(share_maps, others);
#undef DIFFERS
	facts.sum = "";
	ck_assert_str_eq(key_of(&facts), "");
	close_object();
}
END_TEST

TCase *load_key_tests(void)
{
	TCase *tc = tcase_create("load key");

	tcase_add_test(tc, test_by_object);
	tcase_add_test(tc, test_unknown_layout);
	tcase_add_test(tc, test_each_byte);
	tcase_add_test(tc, test_key);
	return tc;
}
