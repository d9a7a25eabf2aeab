// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an ELF file or a script says of itself. It may be anybody's and made to keep us busy: what
 * libelf would read, keep and walk is bounded before it is asked.
 */
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf-facts.h"

/* More is taken for nonsense. */
#define MAX_SECTION (32U << 20)
#define MAX_SYMBOLS 1000000
#define MAX_NAME    1024 /* of a symbol, as far as it is looked at */
#define MAX_NEEDED  1024
#define MAX_DYNAMIC 65536

#define N(array) (sizeof(array) / sizeof((array)[0]))

/*
 * How Debian's tools with libxdp inside, xdp-loader and the like, are told from others with a
 * shared libbpf: libxdp reads a run config by bpf_object__btf() and puts a program into the
 * dispatcher's slot by bpf_program__set_attach_target(), and all of its versions from 1.0 to 1.6 do
 * so. `ip`, bpftrace and fastnetmon import neither.
 */
static const struct {
	const char *name;
	size_t len; /* only so much of it; 0: all */
	uint32_t bits;
} imports[] = {
	{ "bpf_object__btf", 0, IMPORT_OBJECT_BTF },
	{ "bpf_program__set_attach_target", 0, IMPORT_ATTACH_TARGET },
	{ "bpf_xdp_attach", 0, IMPORT_XDP_ATTACH },
	{ "bpf_program__attach_xdp", 0, IMPORT_LINK_XDP },
	{ "bpf_set_link_xdp_fd", 19, IMPORT_OLD_ATTACH },
	{ "bpf_link_create", 0, IMPORT_LINK_CREATE },
	{ "bpf_object__open_mem", 0, IMPORT_OPEN_MEM },
	{ "bpf_object__open_skeleton", 0, IMPORT_OPEN_MEM },
	{ "bpf_", 4, IMPORT_BPF },
	{ "xdp_program__attach", 19, IMPORT_XDP_PROGRAM },
	{ "xsk_", 4, IMPORT_XSK },
	{ "syscall", 0, IMPORT_SYSCALL },
	{ "dlopen", 0, IMPORT_DLOPEN },
};

/*
 * What is in a file that contains a library, stripped or not: the beginnings of messages, names of
 * functions that Go keeps, only if they can be called, and names of sources in Rust's.
 */
static const struct {
	const char *text;
	uint32_t bit;
} texts[] = {
	{ "libxdp: ", TEXT_LIBXDP },
	{ "libbpf: prog '%s': ", TEXT_LIBBPF },
	/* the half of libbpf that speaks netlink is there only if it is used */
	{ "libbpf: Kernel error message: ", TEXT_LIBBPF_NETLINK },
	/* a word of `ip link` and `bpftool net`, which speak netlink themselves */
	{ "xdpgeneric", TEXT_MODES },
	{ "cilium/ebpf/link.AttachXDP", TEXT_GO_ATTACH },
	{ "vishvananda/netlink.LinkSetXdpFd", TEXT_GO_ATTACH },
	{ "libbpfgo.(*BPFProg).AttachXDP", TEXT_GO_ATTACH },
	{ "aya/src/programs/xdp.rs", TEXT_AYA },
	{ "aya-obj-", TEXT_AYA },
	{ "bpfman/src/", TEXT_BPFMAN },
	{ "libxdp.so.1", TEXT_OPENS_LIBXDP },
	{ "/run/xdp-policy", TEXT_OURS },
	{ "LIBXDP_SKIP_DISPATCHER", TEXT_SKIPS },
};
#define LONGEST_TEXT 64

/*
 * Instructions by which bpf(2) is called past libbpf: its number as what syscall(3) is given first,
 * and as the number of a system call, which then follows soon.
 */
static const struct {
	uint16_t machine;
	uint8_t len;
	const char *number, *call; /* of call, if there is one: its bytes */
	uint8_t call_len;
} bpf_calls[] = {
	{ EM_X86_64, 5, "\xbf\x41\x01\x00\x00", NULL, 0 },
	{ EM_X86_64, 4, "\x41\x01\x00\x00", "\x0f\x05", 2 },
	{ EM_AARCH64, 4, "\x00\x23\x80\xd2", NULL, 0 },
	{ EM_AARCH64, 4, "\x00\x23\x80\x52", NULL, 0 },
	{ EM_AARCH64, 4, "\x08\x23\x80\xd2", "\x01\x00\x00\xd4", 4 },
	{ EM_AARCH64, 4, "\x08\x23\x80\x52", "\x01\x00\x00\xd4", 4 },
};
#define CALL_WITHIN 40

/* --- sections --- */

static bool is_sane(const GElf_Shdr *header)
{
	return header->sh_size <= MAX_SECTION && !(header->sh_flags & SHF_COMPRESSED);
}

/* The first section of a type. */
static Elf_Scn *find_section(Elf *elf, unsigned int type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return is_sane(header) ? section : NULL;
	return NULL;
}

/* libelf looks for the end of a string from the end of all, each time: it must be right there. */
static bool has_strings(Elf *elf, size_t index)
{
	Elf_Scn *section = elf_getscn(elf, index);
	GElf_Shdr header;
	Elf_Data *data;

	if (!gelf_getshdr(section, &header) || !is_sane(&header))
		return false;
	data = elf_rawdata(section, NULL);
	return data && data->d_buf && data->d_size && !((char *)data->d_buf)[data->d_size - 1];
}

static bool has_section(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) || !has_strings(elf, names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *found = NULL;

		if (gelf_getshdr(section, &header))
			found = elf_strptr(elf, names, header.sh_name);
		if (found && !strcmp(found, name))
			return true;
	}
	return false;
}

/* The data of a section of entries, with the strings that they refer to. */
static Elf_Data *entries_of(Elf *elf, unsigned int type, size_t *strings)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(elf, type, &header);

	if (!section || !has_strings(elf, header.sh_link))
		return NULL;
	*strings = header.sh_link;
	return elf_getdata(section, NULL);
}

static void add_import(struct elf_facts *facts, const char *name)
{
	for (size_t k = 0; k < N(imports); k++)
		if (imports[k].len ? !strncmp(name, imports[k].name, imports[k].len) :
				     !strcmp(name, imports[k].name))
			facts->imports |= imports[k].bits;
	if (memmem(name, strnlen(name, MAX_NAME), "xdp", 3))
		facts->imports |= IMPORT_XDP_NAME;
}

static void read_imports(Elf *elf, struct elf_facts *facts)
{
	size_t strings = 0;
	Elf_Data *data = entries_of(elf, SHT_DYNSYM, &strings);
	GElf_Sym symbol;

	if (!data)
		facts->is_whole = false;
	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name;

		if (i == MAX_SYMBOLS) {
			facts->is_cut = true;
			return;
		}
		if (symbol.st_shndx != SHN_UNDEF)
			continue;
		name = elf_strptr(elf, strings, symbol.st_name);
		if (name)
			add_import(facts, name);
		else
			facts->is_whole = false;
	}
}

static void add_needed(struct elf_facts *facts, const char *name)
{
	char **larger;

	if (!*name)
		return;
	if (facts->n_needed == MAX_NEEDED || strnlen(name, 256) > 255) {
		facts->is_cut = true;
		return;
	}
	larger = reallocarray(facts->needed, facts->n_needed + 1, sizeof(*larger));
	if (!larger)
		return;
	facts->needed = larger;
	larger[facts->n_needed] = strdup(name);
	if (larger[facts->n_needed])
		facts->n_needed++;
}

static void copy_path(struct elf_facts *facts, char ret[ELF_RUNPATH_SIZE], const char *text)
{
	size_t len = strnlen(text, ELF_RUNPATH_SIZE);

	if (len == ELF_RUNPATH_SIZE) {
		facts->is_cut = true;
		return;
	}
	memcpy(ret, text, len);
	ret[len] = '\0';
}

/* Returns the flags of DT_FLAGS_1. */
static uint64_t read_dynamic(Elf *elf, struct elf_facts *facts)
{
	size_t strings = 0;
	Elf_Data *data = entries_of(elf, SHT_DYNAMIC, &strings);
	uint64_t flags = 0;
	GElf_Dyn entry;

	if (!data)
		facts->is_whole = false;
	for (int i = 0; data && gelf_getdyn(data, i, &entry); i++) {
		const char *text = NULL;

		facts->is_cut |= i == MAX_DYNAMIC;
		if (entry.d_tag == DT_NULL || i == MAX_DYNAMIC)
			break;
		if (entry.d_tag == DT_FLAGS_1)
			flags = entry.d_un.d_val;
		if (entry.d_tag == DT_NEEDED || entry.d_tag == DT_RPATH ||
		    entry.d_tag == DT_RUNPATH)
			text = elf_strptr(elf, strings, entry.d_un.d_val);
		else
			continue;
		if (!text) {
			facts->is_whole = false;
			continue;
		}
		if (entry.d_tag == DT_NEEDED)
			add_needed(facts, text);
		else if (entry.d_tag == DT_RPATH)
			copy_path(facts, facts->rpath, text);
		else
			copy_path(facts, facts->runpath, text);
	}
	return flags;
}

static void read_interpreter(Elf *elf, int fd, struct elf_facts *facts)
{
	GElf_Phdr header;
	size_t n = 0;

	if (elf_getphdrnum(elf, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		size_t size;
		ssize_t len;

		if (!gelf_getphdr(elf, i, &header) || header.p_type != PT_INTERP)
			continue;
		size = header.p_filesz < sizeof(facts->interpreter) ?
			       header.p_filesz :
			       sizeof(facts->interpreter) - 1;
		len = pread(fd, facts->interpreter, size, header.p_offset);
		facts->interpreter[len > 0 ? len : 0] = '\0';
		/* the loader is what matters, whatever its name */
		if (!*facts->interpreter)
			strcpy(facts->interpreter, "?");
		return;
	}
}

static void read_elf(Elf *elf, int fd, struct elf_facts *facts)
{
	GElf_Ehdr header;
	uint64_t flags;

	facts->kind = ELF_FILE_BROKEN;
	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return;
	facts->word = header.e_ident[EI_CLASS];
	facts->machine = header.e_machine;
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
		facts->kind = ELF_FILE_OTHER;
		return;
	}
	facts->is_whole = true;
	read_interpreter(elf, fd, facts);
	flags = read_dynamic(elf, facts);
	read_imports(elf, facts);
	facts->is_go = has_section(elf, ".go.buildinfo") || has_section(elf, ".note.go.buildid");
	facts->kind = header.e_type == ET_EXEC || *facts->interpreter || flags & DF_1_PIE ?
			      ELF_FILE_EXECUTABLE :
			      ELF_FILE_LIBRARY;
}

/* --- texts --- */

static bool has_call(const char *data, size_t size, size_t k)
{
	const char *end = data + size, *at = data;

	while ((at = memmem(at, end - at, bpf_calls[k].number, bpf_calls[k].len))) {
		size_t left = end - at, within = left < CALL_WITHIN ? left : CALL_WITHIN;

		if (!bpf_calls[k].call ||
		    memmem(at, within, bpf_calls[k].call, bpf_calls[k].call_len))
			return true;
		at++;
	}
	return false;
}

static void search_calls(const char *data, size_t size, struct elf_facts *facts)
{
	for (size_t k = 0; k < N(bpf_calls); k++)
		if (!(facts->texts & TEXT_BPF_CALL) && bpf_calls[k].machine == facts->machine &&
		    (bpf_calls[k].call || facts->imports & IMPORT_SYSCALL) &&
		    has_call(data, size, k))
			facts->texts |= TEXT_BPF_CALL;
}

static void search(const char *data, size_t size, struct elf_facts *facts)
{
	search_calls(data, size, facts);
	for (size_t i = 0; i < N(texts); i++)
		if (!(facts->texts & texts[i].bit) &&
		    memmem(data, size, texts[i].text, strlen(texts[i].text)))
			facts->texts |= texts[i].bit;
}

/* Where data begins at or behind a place, and where it ends: holes have no text. False: nowhere. */
static bool next_data(int fd, off_t *at, off_t *end)
{
	off_t data = lseek(fd, *at, SEEK_DATA);

	if (data < 0)
		return false;
	*at = data;
	*end = lseek(fd, data, SEEK_HOLE);
	return *end > data;
}

/* Read, not mapped: the file may be cut short meanwhile. */
static void search_all(int fd, uint64_t *budget, struct elf_facts *facts)
{
	size_t size = 1 << 20, kept = 0;
	uint64_t left = ELF_MAX_SEARCH;
	char *block = malloc(size);
	off_t at = 0, end = 0;

	if (budget && *budget < left)
		left = *budget;
	while (block && (at < end || next_data(fd, &at, &end))) {
		size_t room = size - kept;
		ssize_t n = pread(fd, block + kept, (off_t)room < end - at ? (off_t)room : end - at,
				  at);

		if (n <= 0)
			break;
		facts->is_cut = (uint64_t)n > left;
		if (facts->is_cut)
			break;
		left -= n;
		if (budget)
			*budget -= n;
		at += n;
		n += kept;
		search(block, n, facts);
		kept = n < LONGEST_TEXT ? n : LONGEST_TEXT;
		memmove(block, block + n - kept, kept);
	}
	free(block);
}

/* All else has no means to speak of BPF to the kernel. */
static bool is_worth_a_search(const struct elf_facts *facts)
{
	if (facts->kind == ELF_FILE_LIBRARY)
		return facts->imports & IMPORT_BPF;
	return elf_facts__is_static(facts) || facts->is_go ||
	       facts->imports & (IMPORT_BPF | IMPORT_XDP_PROGRAM | IMPORT_XSK | IMPORT_SYSCALL |
				 IMPORT_DLOPEN);
}

static size_t next_word(const char **line)
{
	*line += strspn(*line, " \t");
	return strcspn(*line, " \t\r\n");
}

/* What env(1) would run is what matters, if nothing stands between. */
static void read_script(const char *line, struct elf_facts *facts)
{
	static const char env[] = "/env";
	size_t len = next_word(&line);

	facts->kind = ELF_FILE_SCRIPT;
	if (len > strlen(env) && !memcmp(line + len - strlen(env), env, strlen(env))) {
		const char *word = line + len;
		size_t word_len = next_word(&word);

		if (word_len && *word != '-' && !memchr(word, '=', word_len)) {
			line = word;
			len = word_len;
		}
	}
	if (len < sizeof(facts->interpreter))
		memcpy(facts->interpreter, line, len);
}

/*
 * Whether the numbers of headers are what they seem: where others stand in the first section they
 * can be of any size, and libelf has memory for all. No linker makes so many of what can run.
 */
static bool has_sane_counts(const char *start)
{
	if (start[EI_CLASS] == ELFCLASS32) {
		Elf32_Ehdr header;

		memcpy(&header, start, sizeof(header));
		return header.e_phnum != PN_XNUM && (header.e_shnum || !header.e_shoff);
	} else {
		Elf64_Ehdr header;

		memcpy(&header, start, sizeof(header));
		return header.e_phnum != PN_XNUM && (header.e_shnum || !header.e_shoff);
	}
}

void elf_facts__read(int fd, uint64_t *budget, struct elf_facts *ret)
{
	char start[ELF_INTERPRETER_SIZE] = "";
	struct stat st;
	ssize_t len;
	Elf *elf;

	*ret = (struct elf_facts){ 0 };
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	len = pread(fd, start, sizeof(start) - 1, 0);
	if (len > 2 && !memcmp(start, "#!", 2)) {
		read_script(start + 2, ret);
		return;
	}
	if (len < SELFMAG || memcmp(start, ELFMAG, SELFMAG))
		return;
	ret->kind = ELF_FILE_BROKEN;
	if (!has_sane_counts(start))
		return;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf)
		read_elf(elf, fd, ret);
	elf_end(elf);
	if (ret->kind >= ELF_FILE_EXECUTABLE && is_worth_a_search(ret))
		search_all(fd, budget, ret);
}

void elf_facts__clear(struct elf_facts *facts)
{
	for (size_t i = 0; i < facts->n_needed; i++)
		free(facts->needed[i]);
	free(facts->needed);
	facts->needed = NULL;
	facts->n_needed = 0;
}

bool elf_facts__is_static(const struct elf_facts *facts)
{
	return facts->kind == ELF_FILE_EXECUTABLE && !*facts->interpreter;
}

bool elf_facts__needs(const struct elf_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_needed; i++)
		if (!strncmp(facts->needed[i], name, strlen(name)))
			return true;
	return false;
}

bool elf_facts__has_libxdp_inside(const struct elf_facts *facts)
{
	const uint32_t calls = IMPORT_OBJECT_BTF | IMPORT_ATTACH_TARGET;

	if (elf_facts__needs(facts, "libxdp.so."))
		return false;
	return (facts->imports & calls) == calls && facts->texts & TEXT_LIBXDP;
}
