/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_ELF_FACTS_H
#define XDP_POLICY_ELF_FACTS_H

/*
 * What a file is, as far as it matters for XDP: what the loader gives it, what it calls, and what
 * of libxdp and others it contains. The file may be anything; sizes and counts are bounded here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_kind {
	ELF_FILE_OTHER, /* neither ELF nor a script */
	ELF_FILE_SCRIPT,
	ELF_FILE_BROKEN, /* it begins as ELF, and nothing can be read from it */
	ELF_FILE_EXECUTABLE,
	ELF_FILE_LIBRARY
};

/* Functions that it takes from shared libraries, as bits. */
enum elf_import {
	IMPORT_BPF = 1 << 0, /* any bpf_... */
	IMPORT_OBJECT_BTF = 1 << 1,
	IMPORT_ATTACH_TARGET = 1 << 2,
	IMPORT_XDP_ATTACH = 1 << 3,
	IMPORT_LINK_XDP = 1 << 4,
	IMPORT_OLD_ATTACH = 1 << 5, /* of libbpf before 1.0 */
	IMPORT_XSK = 1 << 6,
	IMPORT_XDP_NAME = 1 << 7, /* anything with xdp in its name */
	IMPORT_SYSCALL = 1 << 8,
	IMPORT_DLOPEN = 1 << 9,
	IMPORT_OPEN_MEM = 1 << 10,    /* opens an object that is part of it */
	IMPORT_XDP_PROGRAM = 1 << 11, /* attaches by libxdp */
	IMPORT_LINK_CREATE = 1 << 12  /* bpf_link_create(), for XDP or for other things */
};

/* Texts that it contains, as bits; see the table in elf-facts.c. */
enum elf_text {
	TEXT_LIBXDP = 1 << 0,
	TEXT_LIBBPF = 1 << 1,
	TEXT_LIBBPF_NETLINK = 1 << 2,
	TEXT_MODES = 1 << 3,
	TEXT_GO_ATTACH = 1 << 4,
	TEXT_AYA = 1 << 5,
	TEXT_BPFMAN = 1 << 6,
	TEXT_OPENS_LIBXDP = 1 << 7,
	TEXT_OURS = 1 << 8,
	TEXT_SKIPS = 1 << 9,
	TEXT_BPF_CALL = 1 << 10 /* the number of bpf(2), in front of a system call */
};

#define ELF_INTERPRETER_SIZE 256
#define ELF_RUNPATH_SIZE     1024

struct elf_facts {
	enum elf_kind kind;
	uint8_t word; /* ELFCLASS32, ELFCLASS64 */
	uint16_t machine;
	bool is_go;
	/* its libraries and imports could be read; those of a static one cannot, ever */
	bool is_whole;
	/* there is more of it than is looked at: what was not found may be there all the same */
	bool is_cut;
	/* the loader of an executable, empty if static; or what runs a script */
	char interpreter[ELF_INTERPRETER_SIZE];
	char rpath[ELF_RUNPATH_SIZE], runpath[ELF_RUNPATH_SIZE];
	uint32_t imports, texts;
	size_t n_needed;
	char **needed;
};

/* So much of one file is searched for texts; holes are none of it. */
#define ELF_MAX_SEARCH (512U << 20)

/*
 * Always fills in *ret, to be freed by elf_facts__clear(). budget, unless it is NULL, is how much
 * of all files together may still be searched, and gets less.
 */
void elf_facts__read(int fd, uint64_t *budget, struct elf_facts *ret);
void elf_facts__clear(struct elf_facts *facts);

/* An executable that no loader works on, and no preload. */
bool elf_facts__is_static(const struct elf_facts *facts);

/* Whether it asks for a shared library whose name begins so. */
bool elf_facts__needs(const struct elf_facts *facts, const char *name);

/*
 * Functions by which libxdp, in whatever version, puts programs into a dispatcher,
 * and its messages, in a file that does not take it as a shared library.
 */
bool elf_facts__has_libxdp_inside(const struct elf_facts *facts);

#endif
