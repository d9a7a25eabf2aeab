// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a file would be reached, by what is in it and what it is linked with. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "below.h"
#include "coverage.h"
#include "coverage/starts.h"

#define ATTACHES (IMPORT_XDP_ATTACH | IMPORT_LINK_XDP | IMPORT_OLD_ATTACH)

static void set_detail(struct coverage *coverage, const char *how, const char *name)
{
	if (*name)
		snprintf(coverage->detail, sizeof(coverage->detail), "%s%s", how, name);
}

/* What is in the file itself, whatever it is linked with; without evidence, otherwise. */
static enum coverage_reason by_texts(const struct elf_facts *facts, enum coverage_reason otherwise)
{
	uint32_t texts = facts->texts;

	if (texts & TEXT_LIBXDP)
		return REASON_STATIC;
	if (texts & TEXT_BPFMAN)
		return REASON_BPFMAN;
	if (texts & TEXT_GO_ATTACH)
		return REASON_GO;
	if (facts->is_go)
		return REASON_NO_ATTACH;
	if (texts & (TEXT_LIBBPF_NETLINK | TEXT_MODES) && texts & TEXT_LIBBPF)
		return REASON_LIBBPF_INSIDE;
	if (texts & TEXT_LIBBPF)
		return REASON_UNTOLD_LIBBPF;
	if (texts & TEXT_MODES)
		return REASON_NETLINK;
	return texts & TEXT_AYA ? REASON_RUST : otherwise;
}

/*
 * What has a shared libxdp may attach by libbpf all the same. libknot does, and takes from libxdp
 * AF_XDP's sockets without their program: it has one of its own inside. DPDK and suricata take
 * libxdp's, unless they are given another. Some have libxdp by a library that they need for other
 * things, as Knot's tools without XDP have it by libknot.
 */
static void by_shared(const struct elf_facts *facts, const struct closure *closure,
		      struct coverage *coverage)
{
	uint32_t imports = closure->imports;

	bool uncalled = closure->hides_xdp && !closure->asks_xdp;

	coverage->reason = uncalled ? REASON_UNCALLED : REASON_SHARED;
	set_detail(coverage, "through ", closure->libxdp_by);
	if (facts->texts & TEXT_SKIPS)
		coverage->reason = REASON_SKIPS;
	else if (uncalled || !(imports & ATTACHES) || imports & IMPORT_XDP_PROGRAM)
		return;
	else if (imports & IMPORT_OPEN_MEM && facts->imports & IMPORT_XDP_NAME)
		coverage->reason = REASON_OWN_PROGRAM;
	else
		coverage->notes |= NOTE_MIXED;
}

/* With libxdp in reach of the loader, or of the loader's user. */
static bool by_libxdp(const struct elf_facts *facts, const struct closure *closure,
		      struct coverage *coverage)
{
	bool inside = elf_facts__has_libxdp_inside(facts);

	if (closure->libxdp) {
		by_shared(facts, closure, coverage);
	} else if (inside || *closure->inside_by) {
		uint32_t imports = inside ? facts->imports : closure->imports;

		coverage->reason = imports & IMPORT_XDP_ATTACH ? REASON_INSIDE : REASON_INSIDE_OLD;
		if (!inside)
			set_detail(coverage, "through ", closure->inside_by);
	} else if (*closure->plugin) {
		coverage->reason = REASON_PLUGIN;
		set_detail(coverage, "", closure->plugin);
	} else if (facts->texts & TEXT_OPENS_LIBXDP && facts->imports & IMPORT_DLOPEN) {
		coverage->reason = REASON_OPENS;
		coverage->notes |= facts->imports & ATTACHES ? NOTE_MIXED : 0;
	} else {
		return false;
	}
	return true;
}

/*
 * A library that can attach past the dispatcher, as bcc's can, says nothing of those who are linked
 * with it for other things; what they would call for it has xdp in its name.
 */
static bool by_libbpf(const struct elf_facts *facts, const struct closure *closure,
		      struct coverage *coverage)
{
	bool own = facts->imports & ATTACHES || (closure->libbpf_0 && facts->imports & IMPORT_XSK);

	if (!own && !(*closure->attach_by && facts->imports & IMPORT_XDP_NAME))
		return false;
	coverage->reason = REASON_LIBBPF;
	if (!own)
		set_detail(coverage, "through ", closure->attach_by);
	return true;
}

/* What the preload would reach, were it not for this. */
static void check_loader(struct libraries *libraries, const struct elf_facts *facts,
			 const struct closure *closure, struct coverage *coverage)
{
	enum coverage_reason reason;

	if (closure->libbpf_0)
		reason = REASON_LIBBPF_0;
	else if (strstr(facts->interpreter, "ld-musl"))
		reason = REASON_OTHER_LOADER;
	else if (!libraries__can_preload(libraries, facts))
		reason = REASON_NO_SHIM;
	else
		return;
	coverage->no_deny = true;
	if (coverage__class(coverage) == COVERAGE_FULL || coverage->reason == REASON_INSIDE_OLD)
		coverage->reason = reason;
}

/* Nothing in it attaches XDP as far as is seen. These may do so where it is not seen. */
static void doubt(const struct elf_facts *facts, const struct closure *closure,
		  struct coverage *coverage)
{
	bool bpf = closure->libbpf || closure->imports & IMPORT_BPF;

	if (*closure->attach_by) {
		coverage->reason = REASON_LIBRARY_MAY;
		set_detail(coverage, "through ", closure->attach_by);
	} else if (facts->imports & IMPORT_LINK_CREATE || *closure->link_by) {
		coverage->reason = REASON_LINK_CREATE;
		if (!(facts->imports & IMPORT_LINK_CREATE))
			set_detail(coverage, "through ", closure->link_by);
	} else if (facts->texts & TEXT_BPF_CALL || (bpf && facts->imports & IMPORT_SYSCALL)) {
		coverage->reason = REASON_OWN_CALL;
	} else if (*closure->missing && facts->kind == ELF_FILE_EXECUTABLE) {
		coverage->reason = REASON_NO_LIBRARY;
		set_detail(coverage, "there is no ", closure->missing);
	}
}

static void classify(struct libraries *libraries, const struct elf_facts *facts,
		     struct coverage *coverage)
{
	struct closure closure;

	libraries__close_over(libraries, facts, coverage->name, &closure);
	if (closure.is_cut) {
		coverage->reason = REASON_TOO_LARGE;
		return;
	}
	if (closure.ours || (facts->texts & TEXT_OURS && facts->imports & IMPORT_BPF)) {
		coverage->reason = REASON_OURS;
		return;
	}
	if (!by_libxdp(facts, &closure, coverage) && !by_libbpf(facts, &closure, coverage)) {
		coverage->reason = by_texts(facts, closure.libbpf || closure.imports & IMPORT_BPF ?
							   REASON_NO_ATTACH :
							   REASON_NO_BPF);
		if (coverage__class(coverage) == COVERAGE_NO_XDP)
			doubt(facts, &closure, coverage);
	}
	check_loader(libraries, facts, &closure, coverage);
}

/* In secure-execution mode LD_PRELOAD is ignored. */
static void read_privileges(int fd, struct coverage *coverage)
{
	struct stat st;

	if (!fstat(fd, &st) && st.st_mode & (S_ISUID | S_ISGID))
		coverage->notes |= NOTE_SETUID;
	if (fgetxattr(fd, "security.capability", NULL, 0) > 0)
		coverage->notes |= NOTE_CAPABILITIES;
}

static void look_at(struct libraries *libraries, int fd, const struct elf_facts *facts,
		    struct coverage *coverage)
{
	read_privileges(fd, coverage);
	*coverage->detail = '\0';
	if (facts->kind <= ELF_FILE_SCRIPT)
		coverage->reason = REASON_NOT_ELF;
	else if (facts->kind == ELF_FILE_BROKEN ||
		 (!elf_facts__is_static(facts) && !facts->is_whole))
		coverage->reason = REASON_BROKEN;
	else if (facts->is_cut)
		coverage->reason = REASON_TOO_LARGE;
	else if (elf_facts__is_static(facts))
		coverage->reason = by_texts(facts, REASON_UNTOLD_STATIC);
	else
		classify(libraries, facts, coverage);
	if (facts->kind == ELF_FILE_LIBRARY && coverage->what == WHAT_EXECUTABLE)
		coverage->what = WHAT_LIBRARY;
}

void coverage__look_at_file(struct libraries *libraries, int fd, struct coverage *coverage)
{
	struct elf_facts facts;

	elf_facts__read(fd, libraries__budget(libraries), &facts);
	look_at(libraries, fd, &facts, coverage);
	elf_facts__clear(&facts);
}

static int look_at_interpreter(struct libraries *libraries, const char *interpreter,
			       struct coverage *coverage)
{
	char real[PATH_MAX];
	int fd;

	fd = strchr(interpreter, '/') ?
		     below__open(libraries__root(libraries), interpreter, real, sizeof(real)) :
		     coverage__open_command(libraries, interpreter, real);
	if (fd < 0)
		return -errno;
	strcpy(coverage->script, coverage->name);
	strcpy(coverage->name, real);
	coverage__look_at_file(libraries, fd, coverage);
	close(fd);
	/* a shell attaches nothing, but what it is told to start may */
	if (coverage__class(coverage) == COVERAGE_NO_XDP)
		coverage__set_starts(coverage, coverage->script);
	return 0;
}

int coverage__open_command(const struct libraries *libraries, const char *name, char real[PATH_MAX])
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					    "/usr/bin",	       "/sbin",		 "/bin" };
	char path[PATH_MAX];
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", dirs[i], name);

		if (n < (int)sizeof(path))
			fd = below__open(libraries__root(libraries), path, real, PATH_MAX);
	}
	return fd;
}

int coverage__look_at_path(struct libraries *libraries, const char *path, struct coverage *coverage)
{
	struct elf_facts facts;
	int fd, err = 0;

	fd = strchr(path, '/') ? below__open(libraries__root(libraries), path, coverage->name,
					     sizeof(coverage->name)) :
				 coverage__open_command(libraries, path, coverage->name);
	if (fd < 0)
		return -errno;
	elf_facts__read(fd, libraries__budget(libraries), &facts);
	if (facts.kind == ELF_FILE_SCRIPT && *facts.interpreter)
		err = look_at_interpreter(libraries, facts.interpreter, coverage);
	else
		look_at(libraries, fd, &facts, coverage);
	elf_facts__clear(&facts);
	close(fd);
	return err;
}
