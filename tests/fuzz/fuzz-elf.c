// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any file as an executable, a library or a script. */
#include <sys/mman.h>
#include <unistd.h>

#include "elf-facts.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct elf_facts facts;

	CHECK(fd >= 0 && (!size || write(fd, data, size) == (ssize_t)size));
	memset(&facts, 'x', sizeof(facts));
	elf_facts__read(fd, NULL, &facts);
	CHECK(facts.kind <= ELF_FILE_LIBRARY);
	CHECK(memchr(facts.interpreter, '\0', sizeof(facts.interpreter)));
	CHECK(memchr(facts.rpath, '\0', sizeof(facts.rpath)));
	CHECK(memchr(facts.runpath, '\0', sizeof(facts.runpath)));
	for (size_t i = 0; i < facts.n_needed; i++)
		CHECK(*facts.needed[i] && strlen(facts.needed[i]) < 256 &&
		      elf_facts__needs(&facts, facts.needed[i]));
	/* what is said of it is in it */
	CHECK(facts.kind != ELF_FILE_SCRIPT || !memcmp(data, "#!", 2));
	CHECK(facts.kind < ELF_FILE_BROKEN || !memcmp(data, "\177ELF", 4));
	CHECK(!(facts.texts & TEXT_LIBXDP) || memmem(data, size, "libxdp: ", 8));
	CHECK(!elf_facts__is_static(&facts) || facts.kind == ELF_FILE_EXECUTABLE);
	CHECK(!elf_facts__has_libxdp_inside(&facts) || memmem(data, size, "bpf_object__btf", 15));
	elf_facts__clear(&facts);
	CHECK(!facts.n_needed && !facts.needed);
	close(fd);
	return 0;
}
