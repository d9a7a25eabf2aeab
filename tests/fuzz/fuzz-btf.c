// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any types and strings as a program's BTF. libbpf reads it first and refuses what it cannot make
 * sense of; the rest is ours. In the copy each program that was named has what it was given, and
 * all others have what they had.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "chain/runcfg.h"
#include "fuzz.h"

#define MAX_PROGRAMS 8

/* A header that fits the size, so that what is mutated is the types and the strings. */
static bool repair(char *data, size_t size)
{
	struct btf_header hdr;

	if (size < sizeof(hdr) + 2)
		return false;
	memcpy(&hdr, data, sizeof(hdr));
	size -= sizeof(hdr);
	hdr.magic = BTF_MAGIC;
	hdr.version = BTF_VERSION;
	hdr.flags = 0;
	hdr.hdr_len = sizeof(hdr);
	hdr.type_off = 0;
	hdr.type_len %= size;
	hdr.type_len &= ~3U;
	hdr.str_off = hdr.type_len;
	hdr.str_len = size - hdr.type_len;
	memcpy(data, &hdr, sizeof(hdr));
	data[sizeof(hdr) + hdr.str_off] = '\0';
	data[sizeof(hdr) + size - 1] = '\0';
	return true;
}

static const char *name_of(const struct btf *btf, __u32 offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

static bool is_type(const struct btf *btf, __u32 id)
{
	return id < btf__type_cnt(btf);
}

/*
 * Names behind the last string and types behind the last type could become what a copy adds; libbpf
 * refuses them itself since 1.3. And no compiler makes two sections of the same name.
 */
static bool is_plausible(const struct btf *btf)
{
	unsigned int n_sections = 0;

	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const struct btf_member *m = btf_members(t);
		const struct btf_var_secinfo *entry = btf_var_secinfos(t);

		if (!btf__name_by_offset(btf, t->name_off))
			return false;
		if ((btf_is_ptr(t) || btf_is_var(t) || btf_is_mod(t)) && !is_type(btf, t->type))
			return false;
		for (int i = 0; btf_is_composite(t) && i < btf_vlen(t); i++)
			if (!btf__name_by_offset(btf, m[i].name_off) || !is_type(btf, m[i].type))
				return false;
		for (int i = 0; btf_is_datasec(t) && i < btf_vlen(t); i++)
			if (!is_type(btf, entry[i].type))
				return false;
		n_sections +=
			btf_is_datasec(t) && !strcmp(name_of(btf, t->name_off), ".xdp_run_config");
	}
	return n_sections < 2;
}

/* Functions, and what the run configs are called: both may be programs. */
static size_t find_programs(const struct btf *btf, const char **programs)
{
	size_t n = 0;

	for (__u32 id = 1; id < btf__type_cnt(btf) && n < MAX_PROGRAMS; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name = name_of(btf, t->name_off);
		bool known = false;

		if (btf_is_var(t) && *name == '_')
			name++;
		else if (!btf_is_func(t))
			continue;
		for (size_t i = 0; i < n; i++)
			known |= !strcmp(programs[i], name);
		/* longer names are cut, as the kernel cuts them */
		if (!known && *name && strlen(name) < 127)
			programs[n++] = name;
	}
	return n;
}

static bool same(const struct runcfg *a, const struct runcfg *b)
{
	return a->has_priority == b->has_priority && a->has_actions == b->has_actions &&
	       a->priority == b->priority && a->actions == b->actions;
}

static void check(const struct btf *btf, uint8_t choice)
{
	struct runcfg_override override[MAX_PROGRAMS];
	const char *programs[MAX_PROGRAMS];
	struct runcfg before[MAX_PROGRAMS], after;
	size_t n_programs = find_programs(btf, programs), n = 0;
	int rc[MAX_PROGRAMS];
	struct btf *copy = NULL;

	for (size_t i = 0; i < n_programs; i++)
		rc[i] = runcfg__read(btf, programs[i], &before[i]);
	for (size_t i = 0; i < n_programs; i++)
		if (choice >> i & 1)
			override[n++] = (struct runcfg_override){ programs[i], 1000 + i, i };
	if (!n || runcfg__override(btf, override, n, &copy))
		return;
	for (size_t i = 0; i < n_programs; i++) {
		int rc_after = runcfg__read(copy, programs[i], &after);

		if (choice >> i & 1)
			CHECK(!rc_after && after.has_priority && after.has_actions &&
			      after.priority == 1000 + i && after.actions == i);
		else
			CHECK(rc_after == rc[i] && same(&after, &before[i]));
	}
	btf__free(copy);
}

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct btf *btf;
	char *text;

	libbpf_set_print(silent);
	if (!size)
		return 0;
	/* the last byte says which programs are overridden */
	text = fuzz_text(data, size - 1);
	if (repair(text, size - 1)) {
		btf = btf__new(text, size - 1);
		if (!libbpf_get_error(btf)) {
			if (is_plausible(btf))
				check(btf, data[size - 1]);
			btf__free(btf);
		}
	}
	free(text);
	return 0;
}
