// SPDX-License-Identifier: LGPL-2.1-or-later
/* The libraries of an executable, found as ld.so(8) finds them, without running anything. */
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "below.h"
#include "coverage.h"

#define MAX_LIBRARIES 1024 /* of one executable */
#define MAX_DIRS      256  /* of the loader's configuration */

/* A library that was looked for, whether it was found or not. */
struct library {
	char *key; /* of by_key: what was asked for by whom */
	char *path;
	struct elf_facts facts;
	UT_hash_handle hh;
};

struct libraries {
	char *root;
	uint64_t *budget;
	size_t n_dirs;
	char *dir[MAX_DIRS];
	struct library *by_key;
};

/* Where distributions keep what is not of the host's own machine, too. */
static const char *multiarch_of(const struct elf_facts *facts)
{
	static const struct {
		uint16_t machine;
		uint8_t word;
		const char *name;
	} machines[] = {
		{ EM_X86_64, ELFCLASS64, "x86_64-linux-gnu" },
		{ EM_X86_64, ELFCLASS32, "x86_64-linux-gnux32" },
		{ EM_386, ELFCLASS32, "i386-linux-gnu" },
		{ EM_AARCH64, ELFCLASS64, "aarch64-linux-gnu" },
		{ EM_ARM, ELFCLASS32, "arm-linux-gnueabihf" },
		{ EM_RISCV, ELFCLASS64, "riscv64-linux-gnu" },
		{ EM_PPC64, ELFCLASS64, "powerpc64le-linux-gnu" },
		{ EM_S390, ELFCLASS64, "s390x-linux-gnu" },
		{ EM_LOONGARCH, ELFCLASS64, "loongarch64-linux-gnu" },
	};

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].machine == facts->machine && machines[i].word == facts->word)
			return machines[i].name;
	return NULL;
}

/* --- ld.so.conf(5) --- */

static void add_dirs(struct libraries *libraries, const char *path)
{
	char real[PATH_MAX], line[PATH_MAX];
	int fd = below__open(libraries->root, path, real, sizeof(real));
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f && fd >= 0)
		close(fd);
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "#\n \t")] = '\0';
		/* "include" is that of ld.so.conf.d, which is read anyway */
		if (*line != '/' || libraries->n_dirs == MAX_DIRS)
			continue;
		libraries->dir[libraries->n_dirs] = strdup(line);
		libraries->n_dirs += libraries->dir[libraries->n_dirs] != NULL;
	}
	if (f)
		fclose(f);
}

static int is_conf(const struct dirent *entry)
{
	const char *suffix = strrchr(entry->d_name, '.');

	return suffix && !strcmp(suffix, ".conf");
}

static void read_conf(struct libraries *libraries)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int n;

	add_dirs(libraries, "/etc/ld.so.conf");
	snprintf(path, sizeof(path), "%s/etc/ld.so.conf.d", libraries->root);
	n = scandir(path, &entries, is_conf, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/etc/ld.so.conf.d/%s", entries[i]->d_name);
		add_dirs(libraries, path);
		free(entries[i]);
	}
	free(entries);
}

struct libraries *libraries__new(const char *root, uint64_t *budget)
{
	struct libraries *libraries = calloc(1, sizeof(*libraries));

	if (libraries) {
		libraries->root = strdup(root);
		libraries->budget = budget;
	}
	if (!libraries || !libraries->root) {
		free(libraries);
		return NULL;
	}
	read_conf(libraries);
	return libraries;
}

void libraries__free(struct libraries *libraries)
{
	struct library *library, *next;

	if (!libraries)
		return;
	HASH_ITER(hh, libraries->by_key, library, next) {
		HASH_DEL(libraries->by_key, library);
		elf_facts__clear(&library->facts);
		free(library->path);
		free(library->key);
		free(library);
	}
	for (size_t i = 0; i < libraries->n_dirs; i++)
		free(libraries->dir[i]);
	free(libraries->root);
	free(libraries);
}

const char *libraries__root(const struct libraries *libraries)
{
	return libraries->root;
}

uint64_t *libraries__budget(const struct libraries *libraries)
{
	return libraries->budget;
}

/* --- one library --- */

/* What is asked for, and by whom. */
struct search {
	const char *name;
	const struct elf_facts *user, *executable;
	const char *user_path;
};

/* A library of another machine is passed over. */
static bool try_path(struct libraries *libraries, const struct search *search, const char *path,
		     struct library *found)
{
	char real[PATH_MAX];
	int fd = below__open(libraries->root, path, real, sizeof(real));

	if (fd < 0)
		return false;
	elf_facts__read(fd, libraries->budget, &found->facts);
	close(fd);
	if (found->facts.kind >= ELF_FILE_EXECUTABLE &&
	    found->facts.machine == search->executable->machine &&
	    found->facts.word == search->executable->word) {
		found->path = strdup(real);
		if (found->path)
			return true;
	}
	elf_facts__clear(&found->facts);
	return false;
}

static bool try_dir(struct libraries *libraries, const struct search *search, const char *dir,
		    size_t len, struct library *found)
{
	static const char origin[] = "$ORIGIN", braced[] = "${ORIGIN}";
	size_t own = strrchr(search->user_path, '/') - search->user_path, skip = 0;
	char path[PATH_MAX];
	int n;

	if (len >= strlen(origin) && !strncmp(dir, origin, strlen(origin)))
		skip = strlen(origin);
	else if (len >= strlen(braced) && !strncmp(dir, braced, strlen(braced)))
		skip = strlen(braced);
	n = snprintf(path, sizeof(path), "%.*s%.*s/%s", skip ? (int)own : 0, search->user_path,
		     (int)(len - skip), dir + skip, search->name);
	return n > 0 && n < (int)sizeof(path) && *path == '/' &&
	       try_path(libraries, search, path, found);
}

static bool try_list(struct libraries *libraries, const struct search *search, const char *list,
		     struct library *found)
{
	for (size_t len; *list; list += len + (list[len] == ':')) {
		len = strcspn(list, ":");
		if (len && try_dir(libraries, search, list, len, found))
			return true;
	}
	return false;
}

static bool try_default(struct libraries *libraries, const struct search *search,
			struct library *found)
{
	static const char *const dirs[] = { "/lib64", "/usr/lib64", "/lib", "/usr/lib" };
	const char *multiarch = multiarch_of(search->executable);
	char dir[64];

	for (size_t i = 0; i < libraries->n_dirs; i++)
		if (try_dir(libraries, search, libraries->dir[i], strlen(libraries->dir[i]), found))
			return true;
	for (int usr = 0; multiarch && usr < 2; usr++) {
		snprintf(dir, sizeof(dir), "%s/lib/%s", usr ? "/usr" : "", multiarch);
		if (try_dir(libraries, search, dir, strlen(dir), found))
			return true;
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (try_dir(libraries, search, dirs[i], strlen(dirs[i]), found))
			return true;
	return false;
}

static void find(struct libraries *libraries, const struct search *search, struct library *found)
{
	const struct elf_facts *user = search->user;

	if (strchr(search->name, '/')) {
		try_path(libraries, search, search->name, found);
		return;
	}
	if (*user->runpath) {
		if (try_list(libraries, search, user->runpath, found))
			return;
	} else if (try_list(libraries, search, user->rpath, found) ||
		   try_list(libraries, search, search->executable->rpath, found)) {
		return;
	}
	try_default(libraries, search, found);
}

/* Asked for once; without a path it is not there. NULL without memory. */
static struct library *get(struct libraries *libraries, const struct search *search)
{
	const struct elf_facts *user = search->user;
	struct library *library;
	bool own_dirs = *user->runpath || *user->rpath || *search->executable->rpath;
	char *key;

	if (asprintf(&key, "%u %u %s %s %s %s %s", search->executable->machine,
		     search->executable->word, search->name, own_dirs ? user->runpath : "",
		     own_dirs ? user->rpath : "", own_dirs ? search->executable->rpath : "",
		     own_dirs ? search->user_path : "") < 0)
		return NULL;
	HASH_FIND_STR(libraries->by_key, key, library);
	if (library) {
		free(key);
		return library;
	}
	library = calloc(1, sizeof(*library));
	if (!library) {
		free(key);
		return NULL;
	}
	library->key = key;
	find(libraries, search, library);
	HASH_ADD_KEYPTR(hh, libraries->by_key, library->key, strlen(library->key), library);
	return library;
}

/* --- all of an executable's --- */

/* A library in its turn, and which of the executable's own has brought it in. */
struct member {
	const char *name, *first;
	const struct library *library;
	UT_hash_handle hh;
};

struct walk {
	struct libraries *libraries;
	const struct elf_facts *executable;
	const char *path;
	struct closure *closure;
	struct member *members; /* in the order in which they came */
};

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

static void add(struct walk *walk, const char *name, const struct elf_facts *user,
		const char *user_path, const char *first)
{
	const struct search search = { name, user, walk->executable, user_path };
	struct member *member;

	HASH_FIND_STR(walk->members, name, member);
	if (member)
		return;
	if (HASH_COUNT(walk->members) >= MAX_LIBRARIES) {
		walk->closure->is_cut = true;
		return;
	}
	member = calloc(1, sizeof(*member));
	if (!member)
		return;
	member->name = name;
	member->first = first ? first : name;
	member->library = get(walk->libraries, &search);
	HASH_ADD_KEYPTR(hh, walk->members, member->name, strlen(member->name), member);
}

/* The libraries that the preload stands in front of, and ours. Returns false for any other. */
static bool note_carrier(struct closure *closure, const struct member *member)
{
	/* by name: what is needed counts, even where the library itself is not to be found */
	if (begins(member->name, "libxdp.so.")) {
		closure->libxdp = true;
		if (member->first != member->name)
			snprintf(closure->libxdp_by, sizeof(closure->libxdp_by), "%s",
				 member->first);
	} else if (begins(member->name, "libbpf.so.")) {
		closure->libbpf = true;
		closure->libbpf_0 = closure->libbpf_0 || begins(member->name, "libbpf.so.0");
	} else if (begins(member->name, "libxdppolicy.so.")) {
		closure->ours = true;
	} else {
		return false;
	}
	return true;
}

static void note(const struct walk *walk, const struct member *member)
{
	const struct library *library = member->library;
	struct closure *closure = walk->closure;
	uint32_t imports;
	bool attaches;

	if (note_carrier(closure, member))
		return;
	if (!library || !library->path) {
		snprintf(closure->missing, sizeof(closure->missing), "%s", member->name);
		return;
	}
	imports = library->facts.imports;
	attaches = imports & (IMPORT_XDP_ATTACH | IMPORT_LINK_XDP | IMPORT_OLD_ATTACH);
	closure->imports |= imports;
	closure->is_cut |= library->facts.is_cut;
	if (elf_facts__has_libxdp_inside(&library->facts))
		snprintf(closure->inside_by, sizeof(closure->inside_by), "%s", member->name);
	else if (attaches)
		snprintf(closure->attach_by, sizeof(closure->attach_by), "%s", member->name);
	else if (imports & IMPORT_LINK_CREATE)
		snprintf(closure->link_by, sizeof(closure->link_by), "%s", member->name);
	if (strstr(member->name, "xdp"))
		closure->asks_xdp = true;
	else if (elf_facts__needs(&library->facts, "libxdp.so."))
		closure->hides_xdp |= imports & (IMPORT_XDP_NAME | IMPORT_XSK);
	else if (imports & IMPORT_XDP_NAME && !attaches)
		closure->asks_xdp = true;
}

/*
 * Applications with DPDK are linked with its core alone; that opens whatever drivers stand in a
 * directory of the same version.
 */
static void add_plugin(struct walk *walk, const struct member *member)
{
	static const char core[] = "librte_eal.so.", driver[] = "librte_net_af_xdp.so.";
	const struct library *plugin;
	char name[256];

	if (!begins(member->name, core) || walk->closure->libxdp || *walk->closure->plugin)
		return;
	snprintf(name, sizeof(name), "%s%s", driver, member->name + strlen(core));
	plugin = get(walk->libraries,
		     &(struct search){ name, walk->executable, walk->executable, walk->path });
	if (plugin && plugin->path && elf_facts__needs(&plugin->facts, "libxdp.so."))
		snprintf(walk->closure->plugin, sizeof(walk->closure->plugin), "%s", name);
}

void libraries__close_over(struct libraries *libraries, const struct elf_facts *facts,
			   const char *path, struct closure *ret)
{
	struct walk walk = { libraries, facts, path, ret, NULL };
	struct member *member, *next;

	*ret = (struct closure){
		.imports = facts->imports,
		.asks_xdp = facts->imports & (IMPORT_XDP_NAME | IMPORT_XSK),
		.is_cut = facts->is_cut,
	};
	for (size_t i = 0; i < facts->n_needed; i++)
		add(&walk, facts->needed[i], facts, path, NULL);
	/* those that are added meanwhile come last, so that all are seen, and each once */
	for (member = walk.members; member; member = member->hh.next) {
		const struct library *library = member->library;

		note(&walk, member);
		for (size_t i = 0; library && library->path && i < library->facts.n_needed; i++)
			add(&walk, library->facts.needed[i], &library->facts, library->path,
			    member->first);
	}
	for (member = walk.members; member; member = member->hh.next)
		add_plugin(&walk, member);
	HASH_ITER(hh, walk.members, member, next) {
		HASH_DEL(walk.members, member);
		free(member);
	}
}

/* What this very tool was built for: the preload that belongs to it is, too. */
static bool is_own_machine(const struct elf_facts *facts)
{
	static struct elf_facts own;
	int fd;

	if (!own.word) {
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		elf_facts__read(fd, NULL, &own);
		elf_facts__clear(&own);
		if (fd >= 0)
			close(fd);
	}
	return facts->machine == own.machine && facts->word == own.word;
}

bool libraries__can_preload(struct libraries *libraries, const struct elf_facts *facts)
{
	const struct search search = { "libxdppolicy/libxdppolicy-preload.so", facts, facts, "/" };
	struct library shim = { 0 };
	bool found;

	if (is_own_machine(facts))
		return true;
	found = try_default(libraries, &search, &shim);
	elf_facts__clear(&shim.facts);
	free(shim.path);
	return found;
}
