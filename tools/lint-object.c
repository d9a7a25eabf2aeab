// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lint-object.h"

/* The path of an open file; empty if it is not known. */
static size_t path_of(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, size - 1);
	len = len > 0 ? len : 0;
	path[len] = '\0';
	return len;
}

/* As the host would see it if dir were its root: links lead to nowhere else. */
static int open_below(int dir, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

int lint_file__open(const char *root, const char *path, char *real, size_t size)
{
	char base[PATH_MAX];
	struct stat st;
	size_t len;
	int dir, fd;

	dir = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	fd = open_below(dir, path);
	len = path_of(dir, base, sizeof(base));
	close(dir);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !path_of(fd, real, size) ||
	    strncmp(real, base, len)) {
		close(fd);
		return -1;
	}
	/* "/" has no name of its own in front of the others */
	if (len > 1)
		memmove(real, real + len, strlen(real + len) + 1);
	return fd;
}

/* The first section of a type, with its header. */
static Elf_Scn *find_section(Elf *elf, unsigned int type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	return NULL;
}

static bool has_segment(Elf *elf, unsigned int type)
{
	GElf_Phdr header;
	size_t n = 0;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(elf, i, &header) && header.p_type == type)
			return true;
	return false;
}

/* Whether a shared library is asked for whose name begins so. */
static bool needs(Elf *elf, const char *name)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(elf, SHT_DYNAMIC, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Dyn entry;

	for (int i = 0; data && gelf_getdyn(data, i, &entry); i++) {
		const char *needed = NULL;

		if (entry.d_tag == DT_NEEDED)
			needed = elf_strptr(elf, header.sh_link, entry.d_un.d_val);
		if (needed && !strncmp(needed, name, strlen(name)))
			return true;
	}
	return false;
}

/* Whether a function of a shared library is called. */
static bool imports(Elf *elf, const char *name)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(elf, SHT_DYNSYM, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *found = NULL;

		if (symbol.st_shndx == SHN_UNDEF)
			found = elf_strptr(elf, header.sh_link, symbol.st_name);
		if (found && !strcmp(found, name))
			return true;
	}
	return false;
}

static enum lint_elf classify(Elf *elf)
{
	GElf_Ehdr header;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return LINT_ELF_OTHER;
	if (!has_segment(elf, PT_INTERP))
		return LINT_ELF_STATIC;
	/* what libxdp puts programs into a dispatcher with */
	if (!needs(elf, "libxdp.so") && imports(elf, "bpf_program__set_attach_target"))
		return LINT_ELF_LIBXDP_INSIDE;
	return LINT_ELF_OTHER;
}

enum lint_elf lint_elf__read(int fd)
{
	enum lint_elf ret;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	ret = elf ? classify(elf) : LINT_ELF_OTHER;
	elf_end(elf);
	return ret;
}

/* libbpf sets the flag of such a section only when it loads the program. */
static bool has_frags(const struct bpf_program *prog)
{
	static const char section[] = "xdp.frags";

	return bpf_program__flags(prog) & BPF_F_XDP_HAS_FRAGS ||
	       !strncmp(bpf_program__section_name(prog), section, strlen(section));
}

void lint_object__each(int fd,
		       void (*fn)(void *ctx, const char *program, const char *section, bool frags),
		       void *ctx)
{
	libbpf_print_fn_t before = libbpf_set_print(NULL);
	struct bpf_program *prog;
	struct bpf_object *obj;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	obj = bpf_object__open_file(path, NULL);
	libbpf_set_print(before);
	if (libbpf_get_error(obj))
		return;
	bpf_object__for_each_program(prog, obj)
		if (bpf_program__type(prog) == BPF_PROG_TYPE_XDP)
			fn(ctx, bpf_program__name(prog), bpf_program__section_name(prog),
			   has_frags(prog));
	bpf_object__close(obj);
}
