// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The sum that a program is known by before it is loaded: see load-key.h.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <string.h>
#include <sys/utsname.h>

#include <sha2.h>

#include "load-key.h"

/* --- the object --- */

static bool is_within(size_t size, uint64_t offset, uint64_t len)
{
	return offset <= size && len <= size - offset;
}

static const Elf64_Shdr *section_at(const unsigned char *data, size_t size, unsigned int i,
				    Elf64_Shdr *ret)
{
	Elf64_Ehdr header;

	memcpy(&header, data, sizeof(header));
	if (i >= header.e_shnum || header.e_shentsize != sizeof(*ret) ||
	    !is_within(size, header.e_shoff, (uint64_t)header.e_shnum * sizeof(*ret)))
		return NULL;
	memcpy(ret, data + header.e_shoff + i * sizeof(*ret), sizeof(*ret));
	return ret->sh_type == SHT_NOBITS || is_within(size, ret->sh_offset, ret->sh_size) ? ret :
											     NULL;
}

static bool begins(const unsigned char *data, const Elf64_Shdr *names, uint32_t name,
		   const char *with)
{
	return is_within(names->sh_size, name, strlen(with)) &&
	       !memcmp(data + names->sh_offset + name, with, strlen(with));
}

/* Relocations by the types of the kernel that runs: their number of bytes in .BTF.ext. */
static bool has_core_relocations(const unsigned char *ext, size_t size)
{
	struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t header_size;
		uint32_t func_info[2], line_info[2], core_relo[2];
	} header = { 0 };

	memcpy(&header, ext, size < sizeof(header) ? size : sizeof(header));
	return header.magic != BTF_MAGIC || header.version != BTF_VERSION ||
	       header.header_size > sizeof(header) || header.header_size > size ||
	       (header.header_size == sizeof(header) && header.core_relo[1]);
}

/* And relocations of such: libbpf looks at neither. */
static bool is_debugging(const unsigned char *data, size_t size, const Elf64_Shdr *names,
			 const Elf64_Shdr *section)
{
	Elf64_Shdr of = *section;

	if (section->sh_type == SHT_REL && begins(data, names, section->sh_name, ".rel.debug_") &&
	    !section_at(data, size, section->sh_info, &of))
		return false;
	return begins(data, names, of.sh_name, ".debug_") && !(of.sh_flags & SHF_EXECINSTR);
}

static bool is_named(const unsigned char *data, const Elf64_Shdr *names, uint32_t name,
		     const char *expected)
{
	size_t len = strlen(expected);

	return begins(data, names, name, expected) && is_within(names->sh_size, name, len + 1) &&
	       !data[names->sh_offset + name + len];
}

/* Returns false if it is not as it should be, or asks for more than the object. */
static bool add_section(SHA2_CTX *sum, const unsigned char *data, size_t size,
			const Elf64_Shdr *names, unsigned int i)
{
	Elf64_Shdr section;

	if (!section_at(data, size, i, &section))
		return false;
	if (is_debugging(data, size, names, &section))
		return true;
	/* its number, too: the others refer to it by that */
	SHA512Update(sum, (const uint8_t *)&i, sizeof(i));
	SHA512Update(sum, (const uint8_t *)&section, sizeof(section));
	if (section.sh_type == SHT_NOBITS)
		return !is_named(data, names, section.sh_name, ".BTF.ext");
	SHA512Update(sum, data + section.sh_offset, section.sh_size);
	return !is_named(data, names, section.sh_name, ".BTF.ext") ||
	       !has_core_relocations(data + section.sh_offset, section.sh_size);
}

static bool add_elf(SHA2_CTX *sum, const unsigned char *data, size_t size)
{
	Elf64_Ehdr header;
	Elf64_Shdr names;

	if (size < sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	SHA512Update(sum, data, sizeof(header));
	if (!section_at(data, size, header.e_shstrndx, &names) || names.sh_type == SHT_NOBITS)
		return false;
	for (unsigned int i = 0; i < header.e_shnum; i++)
		if (!add_section(sum, data, size, &names, i))
			return false;
	return true;
}

/* Configuration and symbols of the kernel, which are filled in when it is loaded. */
static bool has_externs(const struct bpf_object *object)
{
	static const char *const sections[] = { ".kconfig", ".ksyms" };
	const struct btf *btf = bpf_object__btf(object);

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!btf || btf__find_by_name_kind(btf, sections[i], BTF_KIND_DATASEC) >= 0)
			return true;
	return false;
}

void load_key__sum(const struct bpf_object *object, const void *data, size_t size,
		   char key[LOAD_KEY_SIZE])
{
	SHA2_CTX sum;

	*key = '\0';
	SHA512Init(&sum);
	if (!has_externs(object) && add_elf(&sum, data, size))
		SHA512End(&sum, key);
}

/* --- the key --- */

/* With its NUL, so that it is known where one ends and the next begins. */
static void add(SHA2_CTX *sum, const char *text)
{
	SHA512Update(sum, (const uint8_t *)(text ? text : ""), text ? strlen(text) + 1 : 1);
}

/* Who loads it and into what: another one may make something else of it. */
static void add_host(SHA2_CTX *sum)
{
	struct utsname host = { 0 };

	uname(&host);
	add(sum, VERSION);
	add(sum, libbpf_version_string());
	add(sum, host.release);
	add(sum, host.version);
	add(sum, host.machine);
}

void load_key__make(const struct load_key_facts *facts, char key[LOAD_KEY_SIZE])
{
	SHA2_CTX sum;

	*key = '\0';
	if (!*facts->sum)
		return;
	SHA512Init(&sum);
	add_host(&sum);
	add(&sum, facts->sum);
	add(&sum, bpf_object__name(facts->object)); /* maps of data are called after it */
	add(&sum, bpf_program__name(facts->program));
	SHA512Update(&sum, (const uint8_t *)&facts->flags, sizeof(facts->flags));
	add(&sum, facts->pin_path);
	for (const char *const *map = facts->share_maps; map && *map; map++)
		add(&sum, *map);
	SHA512End(&sum, key);
}
