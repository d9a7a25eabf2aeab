// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * reuse FIRST SECOND FILE: opens the plug-in FIRST, which opens FILE, closes it, and opens SECOND,
 * until that is where FIRST was, both in memory and in the loader's lists. Prints which function
 * each of them has called; ends with 77 if the places never were the same.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_TRIES 1000

static const struct link_map *open_plugin(const char *path)
{
	struct link_map *map = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!map) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return map;
}

static const char *call(const struct link_map *plugin, const char *file)
{
	char (*fn)(const char *) = dlsym((void *)plugin, "plugin_opens");
	char said = fn ? fn(file) : 'e';

	return said == 'o' ? "its own" : said == 'x' ? "libxdp's" : "error";
}

int main(int argc, char **argv)
{
	for (int i = 0; argc == 4 && i < MAX_TRIES; i++) {
		const struct link_map *first = open_plugin(argv[1]), *second;
		const char *said = call(first, argv[3]);
		ElfW(Addr) addr = first->l_addr;

		dlclose((void *)first);
		second = open_plugin(argv[2]);
		if (second == first && second->l_addr == addr) {
			printf("%s, then %s\n", said, call(second, argv[3]));
			return 0;
		}
		dlclose((void *)second);
	}
	return 77;
}
