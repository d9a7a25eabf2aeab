// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../same-chains.h"
#include "chain-file.h"
#include "unit.h"

#define X4(s)  s s s s
#define X10(s) s s s s s s s s s s
#define X64    X4(X4("0f3A"))
#define N(a)   (sizeof(a) / sizeof((a)[0]))

#define V    "version: 1\n"
#define C    V "chains:\n"
#define E    C "  eth0:\n"
#define P    E "    programs:\n"
#define O(s) P "    - {object: a.o, " s "}\n"
#define S(s) E "    " s "\n    programs: []\n"

/* Files that are wrong, and all that is said of each. */
static const struct {
	const char *text, *error;
} wrong[] = {
	/* the top */
	{ "", "1: column 1: found nothing, expected a mapping with version: 1\n" },
	{ "- x\n", "1: column 1: found a list, expected a mapping of version and chains\n" },
	{ "chains: {}\n", "1: column 1: found no version, expected version: 1\n" },
	{ "version: 2\nchainz: x\n",
	  "1: column 10: found '2', expected 1: a newer xdp-policy may know more versions\n" },
	{ V, "1: column 1: found no chains, expected a mapping of interfaces\n" },
	{ V "chains:\n", "2: column 8: found nothing, expected a mapping of interfaces\n" },
	{ V "chains: [eth0]\n", "2: column 9: found a list, expected a mapping of interfaces\n" },
	{ V "chians: {}\n",
	  "2: column 1: found 'chians', expected version or chains; did you mean chains?\n" },
	{ V "chains: {}\nchains: {}\n",
	  "3: column 1: found 'chains' a second time in this mapping, expected it once\n" },
	{ V "rules: []\nchains: {}\n",
	  "2: column 1: found rules, expected chains: this is a file for priorities.d, see priorities.conf(5)\n" },
	{ V "chains: {}\n---\n" V,
	  "3: column 1: found a second document, expected one in a file\n" },

	/* interfaces */
	{ C "  eth0: []\n",
	  "3: column 9: found a list, expected a chain: a mapping of programs and more\n" },
	{ C "  eth0:\n",
	  "3: column 8: found nothing, expected a chain: a mapping of programs and more\n" },
	{ C "  eth0: {programs: []}\n  eth1: {programs: []}\n  eth0: {programs: []}\n",
	  "5: column 3: found 'eth0' a second time in this mapping, expected it once\n" },
	{ C "  '': {programs: []}\n",
	  "3: column 3: found nothing, expected an interface's name\n" },
	{ C "  null: {programs: []}\n",
	  "3: column 3: found nothing, expected an interface's name\n" },
	{ C "  [a]: {programs: []}\n",
	  "3: column 3: found a list, expected an interface's name\n" },
	{ C "  a b: {programs: []}\n",
	  "3: column 3: found 'a b', expected an interface's name or glob, without blanks and "
	  "slashes and no ! before it\n" },
	{ C "  '!a': {programs: []}\n",
	  "3: column 3: found '!a', expected an interface's name or glob, without blanks and "
	  "slashes and no ! before it\n" },
	{ C "  a/b: {programs: []}\n",
	  "3: column 3: found 'a/b', expected an interface's name or glob, without blanks and "
	  "slashes and no ! before it\n" },
	{ C "  \"a\\tb\": {programs: []}\n",
	  "3: column 3: found 'a\\x09b', expected an interface's name without control characters\n" },
	{ C "  " X64 X64 ": {programs: []}\n",
	  "3: column 3: found 128 bytes, expected an interface's name of at most 127\n" },

	/* a chain */
	{ E "    mode: native\n",
	  "4: column 5: found no programs, expected a list of programs; an empty one takes off "
	  "what was loaded\n" },
	{ E "    programs:\n", "4: column 14: found nothing, expected a list of programs\n" },
	{ E "    programs: a.o\n", "4: column 15: found 'a.o', expected a list of programs\n" },
	{ S("mode: nativ"), "4: column 11: found 'nativ', expected auto, native, skb or hw; did "
			    "you mean native?\n" },
	{ S("mode: [skb]"), "4: column 11: found a list, expected auto, native, skb or hw\n" },
	{ S("add: 1"), "4: column 10: found '1', expected true or false; did you mean true?\n" },
	{ S("add: yes"),
	  "4: column 10: found 'yes', expected true or false; did you mean true?\n" },
	{ S("add:"), "4: column 9: found nothing, expected true or false\n" },
	{ S("add: {a: b}"), "4: column 10: found a mapping, expected true or false\n" },
	{ S("foreign: kep"), "4: column 14: found 'kep', expected refuse, keep or replace; did "
			     "you mean keep?\n" },
	{ S("foreign: 1"), "4: column 14: found '1', expected refuse, keep or replace\n" },
	{ S("foreign: [keep]"), "4: column 14: found a list, expected refuse, keep or replace\n" },
	{ S("share-map: a"), "4: column 5: found 'share-map', expected mode, add, foreign, "
			     "share-maps or programs; did you mean share-maps?\n" },
	{ S("share-maps: {a: b}"),
	  "4: column 17: found a mapping, expected a map's name or a list of them\n" },
	{ S("share-maps: [a, [b]]"), "4: column 21: found a list, expected a map's name\n" },
	{ S("share-maps: [a, b, a]"),
	  "4: column 24: found 'a' a second time in this list, expected it once\n" },
	{ S("share-maps: a b"), "4: column 17: found 'a b', expected a map's name without blanks "
				"and slashes; more than one stand in a list\n" },
	{ S("add: true\n    add: true"),
	  "5: column 5: found 'add' a second time in this mapping, expected it once\n" },

	/* a program */
	{ P "    - a.o\n",
	  "5: column 7: found 'a.o', expected a program: a mapping of object and more\n" },
	{ P "    - {}\n",
	  "5: column 7: found a program without object and pin, expected one of them\n" },
	{ P "    - object:\n", "5: column 14: found nothing, expected a path\n" },
	{ P "    - object: [a]\n", "5: column 15: found a list, expected a path\n" },
	{ P "    - objekt: a\n",
	  "5: column 7: found 'objekt', expected object, program, section, priority, "
	  "chain-call-actions, frags, sha256, pin-path or pin; did you mean object?\n" },
	{ P "    - name: a\n      file: b\n      actions: PASS\n",
	  "5: column 7: found 'name', expected object, program, section, priority, "
	  "chain-call-actions, frags, sha256, pin-path or pin; did you mean program?\n"
	  "6: column 7: found 'file', expected object, program, section, priority, "
	  "chain-call-actions, frags, sha256, pin-path or pin; did you mean object?\n"
	  "7: column 7: found 'actions', expected object, program, section, priority, "
	  "chain-call-actions, frags, sha256, pin-path or pin; did you mean "
	  "chain-call-actions?\n" },
	{ S("mode: generic\n    maps: a"),
	  "4: column 11: found 'generic', expected auto, native, "
	  "skb or hw; did you mean skb?\n"
	  "5: column 5: found 'maps', expected mode, add, foreign, "
	  "share-maps or programs; did you mean share-maps?\n" },
	{ P "    - object: a\n      object: b\n",
	  "6: column 7: found 'object' a second time in this mapping, expected it once\n" },
	{ P "    - object: a\n      program: b\n      section: c\n",
	  "7: column 7: found 'section' beside 'program' in line 6, expected one of them\n" },
	{ P "    - object: a\n      pin: /b\n",
	  "5: column 7: found 'object' beside 'pin' in line 6, expected just one: a pinned "
	  "program is loaded already\n" },
	{ P "    - pin: /b\n      frags: true\n      pin-path: /c\n      program: p\n"
	    "      sha256: " X64 "\n",
	  "6: column 7: found 'frags' beside 'pin' in line 5, expected just one: a pinned program "
	  "is loaded already\n"
	  "7: column 7: found 'pin-path' beside 'pin' in line 5, expected just one: a pinned "
	  "program is loaded already\n"
	  "8: column 7: found 'program' beside 'pin' in line 5, expected just one: a pinned "
	  "program is loaded already\n"
	  "9: column 7: found 'sha256' beside 'pin' in line 5, expected just one: a pinned program "
	  "is loaded already\n" },
	{ P "    - pin: b\n", "5: column 12: found 'b', expected an absolute path\n" },
	{ O("pin-path: b"), "5: column 31: found 'b', expected an absolute path\n" },
	{ O("program: ''"), "5: column 30: found nothing, expected a program's name\n" },
	{ O("program: null"), "5: column 30: found nothing, expected a program's name\n" },
	{ O("section: \"a\\x85\""),
	  "5: column 30: found 'a\\xc2\\x85', expected a section's name without control characters\n" },
	{ O("priority: x"),
	  "5: column 31: found 'x', expected a run priority from 0 to 2147483647\n" },
	{ O("priority: -1"),
	  "5: column 31: found '-1', expected a run priority from 0 to 2147483647\n" },
	{ O("priority: 2147483648"),
	  "5: column 31: found '2147483648', expected a run priority from 0 to 2147483647\n" },
	{ O("priority: [1]"), "5: column 31: found a list, expected a run priority\n" },
	{ O("chain-call-actions: {a: b}"),
	  "5: column 41: found a mapping, expected an action or a list of actions\n" },
	{ O("chain-call-actions: [PAS]"),
	  "5: column 42: found 'PAS', expected ABORTED, DROP, PASS, TX, REDIRECT or none; did you "
	  "mean PASS?\n" },
	{ O("chain-call-actions: [PASS, +DROP]"),
	  "5: column 41: found a mix, expected either actions, or only +ACTION and -ACTION, or "
	  "none alone\n" },
	{ O("frags: maybe"), "5: column 28: found 'maybe', expected true or false\n" },
	{ O("sha256: abc"), "5: column 29: found 'abc', expected a SHA-256 sum: 64 hex digits\n" },
	{ P "    - {object: a, priority: 1}\n    - {object: b, priority: 2}\n    - object: c\n",
	  "7: column 7: found a program without priority, and one with it in line 5; expected it "
	  "of all programs of a chain or of none\n" },
	{ P "    - {object: a}\n    - {object: b, priority: 2}\n",
	  "5: column 7: found a program without priority, and one with it in line 6; expected it "
	  "of all programs of a chain or of none\n" },
	{ P "    - {object: a, program: x}\n    - {object: a}\n    - {object: /d/a, program: x}\n",
	  "7: column 7: found the program of line 5 a second time in this chain, expected it "
	  "once\n" },
	{ P "    - &a {pin: /a}\n    - *a\n",
	  "6: column 7: found the program of line 5 a second time in this chain, expected it "
	  "once\n" },

	/* many at once */
	{ E "    add: x\n    programs:\n    - {object: a, frags: x}\n  eth1: {}\n",
	  "4: column 10: found 'x', expected true or false\n"
	  "6: column 26: found 'x', expected true or false\n"
	  "7: column 9: found no programs, expected a list of programs; an empty one takes off "
	  "what was loaded\n" },
};

static void no_beyond(const char *text, char **copy)
{
	/* without a NUL: size is all there is to go by */
	*copy = malloc(strlen(text) + !*text);
	ck_assert_ptr_nonnull(*copy);
	memcpy(*copy, text, strlen(text));
}

static int parse(const char *text, struct chain_file *file, struct messages *messages)
{
	struct policy_log log = log_to(messages);
	char *copy;
	int rc;

	no_beyond(text, &copy);
	rc = chain_file__parse(copy, strlen(text), "f", "/d", &log, file);
	free(copy);
	return rc;
}

START_TEST(says_what_is_wrong)
{
	struct messages messages;
	struct chain_file file;
	int rc = parse(wrong[_i].text, &file, &messages);

	ck_assert_msg(rc == -EINVAL, "%s: expected -EINVAL, got %d", wrong[_i].text, rc);
	ck_assert(!file.path && !file.n && !file.entry);
	ck_assert_msg(!strcmp(messages.text, wrong[_i].error), "%s: expected\n%s, got\n%s",
		      wrong[_i].text, wrong[_i].error, messages.text);
}
END_TEST

static const char full[] =
	C "  eth*:\n"
	  "    mode: Native\n"
	  "    add: true\n"
	  "    foreign: replace\n"
	  "    share-maps: [flows, stats]\n"
	  "    programs:\n"
	  "    - {object: fw.o, program: fw, priority: 5, chain-call-actions: PASS DROP}\n"
	  "    - object: /x/y.o\n"
	  "      section: xdp/a\n"
	  "      priority: 0\n"
	  "      chain-call-actions: [+TX, -PASS]\n"
	  "      frags: false\n"
	  "      pin-path: /sys/fs/bpf/fw\n"
	  "      sha256: " X64 "\n"
	  "    - {pin: /sys/fs/bpf/e, priority: 2147483647, chain-call-actions: []}\n"
	  "    - {object: z.o, priority: 1, frags: true, chain-call-actions: none}\n"
	  "  '[l]o': {programs: []}\n";

START_TEST(reads_all)
{
	const struct chain_spec_program *p;
	const struct chain_spec *spec;
	struct messages messages;
	struct chain_file file;

	ck_assert_msg(!parse(full, &file, &messages), "%s", messages.text);
	ck_assert_str_eq(messages.text, "");
	ck_assert_str_eq(file.path, "f");
	ck_assert_uint_eq(file.n, 2);
	ck_assert_str_eq(file.entry[0].interface, "eth*");
	ck_assert_uint_eq(file.entry[0].line, 3);
	spec = &file.entry[0].spec;
	ck_assert(spec->mode == MODE_NATIVE && spec->add && spec->foreign == FOREIGN_REPLACE);
	ck_assert_str_eq(spec->share_maps[0], "flows");
	ck_assert_str_eq(spec->share_maps[1], "stats");
	ck_assert_ptr_null(spec->share_maps[2]);
	ck_assert_uint_eq(spec->n, 4);
	p = &spec->program[0];
	ck_assert_str_eq(p->object, "/d/fw.o");
	ck_assert_str_eq(p->program, "fw");
	ck_assert(!p->section && !p->pin && !p->open && !p->fd && !p->sha256 && !p->pin_path);
	ck_assert(p->frags == FRAGS_AS_BUILT && !p->app.unknown);
	ck_assert(p->app.has[ATTR_PRIORITY] && p->app.has[ATTR_ACTIONS]);
	ck_assert(!p->app.has[ATTR_ATTACH] && !p->app.has[ATTR_MODE]);
	ck_assert_uint_eq(p->app.value[ATTR_PRIORITY].num, 5);
	ck_assert_uint_eq(p->app.value[ATTR_ACTIONS].num, 1U << 1 | 1U << 2);
	p = &spec->program[1];
	ck_assert_str_eq(p->object, "/x/y.o");
	ck_assert_str_eq(p->section, "xdp/a");
	ck_assert_str_eq(p->pin_path, "/sys/fs/bpf/fw");
	ck_assert_str_eq(p->sha256, X4(X4("0f3a")));
	ck_assert(p->frags == FRAGS_NO && p->app.value[ATTR_ACTIONS].relative);
	ck_assert_uint_eq(p->app.value[ATTR_ACTIONS].add, 1U << 3);
	ck_assert_uint_eq(p->app.value[ATTR_ACTIONS].del, 1U << 2);
	p = &spec->program[2];
	ck_assert_str_eq(p->pin, "/sys/fs/bpf/e");
	ck_assert(!p->object && p->app.has[ATTR_ACTIONS]);
	ck_assert_uint_eq(p->app.value[ATTR_ACTIONS].num, 0);
	ck_assert(spec->program[3].frags == FRAGS_YES);
	ck_assert_uint_eq(file.entry[0].program_line[0], 9);
	ck_assert_uint_eq(file.entry[0].program_line[1], 10);
	ck_assert_uint_eq(file.entry[0].program_line[2], 17);
	ck_assert_uint_eq(file.entry[1].spec.n, 0);
	ck_assert_ptr_null(file.entry[1].spec.share_maps);
	chain_file__free(&file);
	ck_assert(!file.n && !file.entry && !file.path);
}
END_TEST

/* What the spec has for what a file leaves out. */
START_TEST(has_defaults)
{
	const struct chain_spec_program *p;
	struct messages messages;
	struct chain_file file;

	ck_assert_msg(!parse(P "    - object: ../a.o\n", &file, &messages), "%s", messages.text);
	p = &file.entry[0].spec.program[0];
	ck_assert(file.entry[0].spec.mode == MODE_AUTO && !file.entry[0].spec.add);
	ck_assert(file.entry[0].spec.foreign == FOREIGN_REFUSE);
	ck_assert_ptr_null(file.entry[0].spec.share_maps);
	ck_assert(!p->program && !p->app.has[ATTR_PRIORITY] && !p->app.has[ATTR_ACTIONS]);
	ck_assert_str_eq(p->object, "/d/../a.o");
	chain_file__free(&file);
}
END_TEST

static const char *const good[] = {
	V "chains: {}\n",
	E "    programs: []\n",
	full,
	S("share-maps: a"),
	S("share-maps: []"),
	S("mode: auto\n    add: false\n    foreign: refuse"),
	"{\"version\": 1, \"chains\": {\"a\": {\"programs\": [{\"object\": \"/a\"}]}}}",
	"version: '1'\nchains: {a: &c {programs: [{object: a}]}, b: *c}\n",
	C
	"  \"yes\": {programs: [{object: \"/\\u2028\\ufeff \\U0001f600: #\", program: 'null'}]}\n",
	C "  '~': {share-maps: ['1.5', 'true', 'Null', '-', é], programs: [{pin: /}]}\n",
	O("sha256: " X10("123456") "1234"),
	/* one object, several programs */
	P "    - {object: a, section: x}\n    - {object: a, section: y}\n    - {object: a}\n"
	  "    - {object: a, program: x}\n    - {object: a, program: y}\n",
	C "  a: {programs: [{object: a}]}\n  b: {programs: [{object: a}]}\n",
};

static void write_and_read(const struct chain_file *file, bool json)
{
	struct messages messages;
	struct policy_log log = log_to(&messages);
	struct chain_file again;
	char *text = NULL;
	const char *what;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc;

	rc = json ? chain_file__write_json(out, file, &log) :
		    chain_file__write_yaml(out, file, &log);
	fclose(out);
	ck_assert_int_eq(rc, 0);
	rc = chain_file__parse(text, size, "f", "/e", &log, &again);
	ck_assert_msg(!rc, "%s: %s", text, messages.text);
	what = chain_files_differ(file, &again);
	ck_assert_msg(!what, "%s of\n%s", what, text);
	chain_file__free(&again);
	free(text);
}

START_TEST(written_is_the_same)
{
	struct messages messages;
	struct chain_file file;

	ck_assert_msg(!parse(good[_i], &file, &messages), "%s", messages.text);
	write_and_read(&file, false);
	write_and_read(&file, true);
	chain_file__free(&file);
}
END_TEST

static char *written(const struct chain_file *file, struct messages *messages, int *rc, bool json)
{
	struct policy_log log = log_to(messages);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	*rc = (json ? chain_file__write_json : chain_file__write_yaml)(out, file, &log);
	fclose(out);
	return text;
}

START_TEST(writes_what_differs_from_defaults)
{
	struct messages messages;
	struct chain_file file;
	char *text;
	int rc;

	ck_assert(!parse(full, &file, &messages));
	text = written(&file, &messages, &rc, false);
	ck_assert_str_eq(text,
			 "version: 1\n"
			 "chains:\n"
			 "  eth*:\n"
			 "    mode: native\n"
			 "    add: true\n"
			 "    foreign: replace\n"
			 "    share-maps: [flows, stats]\n"
			 "    programs:\n"
			 "    - object: /d/fw.o\n"
			 "      program: fw\n"
			 "      priority: 5\n"
			 "      chain-call-actions: [DROP, PASS]\n"
			 "    - object: /x/y.o\n"
			 "      section: xdp/a\n"
			 "      sha256: '" X4(X4("0f3a")) "'\n"
							  "      pin-path: /sys/fs/bpf/fw\n"
							  "      frags: false\n"
							  "      priority: 0\n"
							  "      chain-call-actions: [-PASS, +TX]\n"
							  "    - pin: /sys/fs/bpf/e\n"
							  "      priority: 2147483647\n"
							  "      chain-call-actions: []\n"
							  "    - object: /d/z.o\n"
							  "      frags: true\n"
							  "      priority: 1\n"
							  "      chain-call-actions: []\n"
							  "  '[l]o':\n"
							  "    programs: []\n");
	free(text);
	chain_file__free(&file);
}
END_TEST

START_TEST(writes_utf8_alone)
{
	char iface[] = "eth0";
	struct chain_spec_program program = { .object = "/a\xff" };
	struct chain_file_entry entry = { .interface = iface,
					  .line = 7,
					  .spec = { .n = 1, .program = &program } };
	struct chain_file file = { .n = 1, .entry = &entry, .path = iface };
	struct messages messages;
	char *text;
	int rc;

	for (int json = 0; json <= 1; json++) {
		text = written(&file, &messages, &rc, json);
		ck_assert_int_eq(rc, -EILSEQ);
		ck_assert_str_eq(text, "");
		ck_assert_str_eq(messages.text, "7: found '/a\\xff', expected UTF-8: YAML and JSON "
						"hold nothing else\n");
		free(text);
	}
}
END_TEST

START_TEST(finds_one)
{
	const struct chain_file_entry *second = (void *)1;
	struct messages messages;
	struct chain_file file;

	ck_assert(!parse(C "  eth[0-3]: {programs: []}\n  eth?: {add: true, programs: []}\n"
			   "  lo: {programs: []}\n",
			 &file, &messages));
	ck_assert_ptr_eq(chain_file__find(&file, "eth7", &second), &file.entry[1]);
	ck_assert_ptr_null(second);
	ck_assert_ptr_eq(chain_file__find(&file, "lo", NULL), &file.entry[2]);
	ck_assert_ptr_null(chain_file__find(&file, "eth3", NULL));
	ck_assert_ptr_null(chain_file__find(&file, "eth3", &second));
	ck_assert_ptr_eq(second, &file.entry[1]);
	ck_assert_ptr_null(chain_file__find(&file, "eth10", &second));
	ck_assert_ptr_null(second);
	chain_file__free(&file);
}
END_TEST

/* n times a part with its number in it, behind head. */
static char *repeat(const char *head, const char *part, int n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(head, out);
	for (int i = 0; i < n; i++)
		fprintf(out, part, i);
	fclose(out);
	return text;
}

static void check_bound(const char *head, const char *part, int max, const char *error)
{
	struct messages messages;
	struct chain_file file;
	char *text = repeat(head, part, max);

	ck_assert_msg(!parse(text, &file, &messages), "%s", messages.text);
	chain_file__free(&file);
	free(text);
	text = repeat(head, part, max + 1);
	ck_assert_int_eq(parse(text, &file, &messages), -EINVAL);
	ck_assert_str_eq(messages.text, error);
	free(text);
}

START_TEST(is_bounded)
{
	check_bound(P, "    - object: a%d\n", 10,
		    "15: column 7: found one program more, expected at most 10 in a chain\n");
	check_bound(C, "  eth%d: {programs: []}\n", 1000,
		    "1003: column 3: found one chain more, expected at most 1000 in a file\n");
	check_bound(E "    programs: []\n    share-maps:\n", "    - m%d\n", 64,
		    "70: column 7: found one map more, expected at most 64\n");
}
END_TEST

START_TEST(says_twenty_mistakes)
{
	struct messages messages;
	struct chain_file file;
	char *text = repeat(S("share-maps:"), "    k%d: 1\n", 30);

	ck_assert_int_eq(parse(text, &file, &messages), -EINVAL);
	ck_assert_uint_eq(messages.n, 21);
	free(text);
}
END_TEST

/* A path of 4095 bytes is one that the kernel takes; the directory counts. */
START_TEST(bounds_paths)
{
	static const int length[] = { 4092, 4093, 4095, 4096 };
	char path[4097], text[5000];
	struct messages messages;
	struct chain_file file;

	for (size_t i = 0; i < N(length); i++) {
		memset(path, 'a', sizeof(path));
		path[length[i]] = '\0';
		path[0] = i >= 2 ? '/' : 'a';
		snprintf(text, sizeof(text), P "    - object: %s\n", path);
		ck_assert_int_eq(parse(text, &file, &messages), i % 2 ? -EINVAL : 0);
		if (i == 1)
			ck_assert_str_eq(messages.text, "5: column 15: found a path of 4093 "
							"bytes below /d, expected at most "
							"4094 together\n");
		chain_file__free(&file);
	}
	ck_assert_str_eq(messages.text,
			 "5: column 15: found 4096 bytes, expected a path of at most 4095\n");
}
END_TEST

/* 900 chains that are one by an alias, of programs with paths of 4 KB. */
START_TEST(bounds_aliases)
{
	char path[4001], *head = NULL, *text;
	struct messages messages;
	struct chain_file file;

	memset(path, 'a', sizeof(path));
	path[4000] = '\0';
	ck_assert_int_gt(asprintf(&head,
				  C "  a: &c {programs: [{object: /%s, pin-path: /%s}, "
				    "{pin: /%s}]}\n",
				  path, path, path),
			 0);
	text = repeat(head, "  eth%d: *c\n", 900);
	ck_assert_int_eq(parse(text, &file, &messages), -EINVAL);
	ck_assert_msg(strstr(messages.text, "found more than 8388608 bytes of text in all"), "%s",
		      messages.text);
	free(text);
	free(head);
}
END_TEST

static int read_file(const char *path, struct chain_file *file, struct messages *messages)
{
	struct policy_log log = log_to(messages);

	return chain_file__read(path, &log, file);
}

START_TEST(reads_files)
{
	struct messages messages;
	struct chain_file file;
	char *root = make_root(), expected[4096], *real = realpath(root, NULL);

	put_file(root, "/sub/c.yaml", P "    - object: a.o\n");
	ck_assert(!symlink("sub/c.yaml", at(root, "/link")));
	ck_assert_int_eq(read_file(at(root, "/link"), &file, &messages), 0);
	snprintf(expected, sizeof(expected), "%s/sub/a.o", real);
	ck_assert_str_eq(file.entry[0].spec.program[0].object, expected);
	ck_assert_str_eq(file.path, at(root, "/link"));
	chain_file__free(&file);

	ck_assert_int_eq(read_file(at(root, "/none"), &file, &messages), -ENOENT);
	ck_assert_str_eq(messages.text, "0: cannot open: No such file or directory\n");
	put_file(root, "/empty", "");
	ck_assert_int_eq(read_file(at(root, "/empty"), &file, &messages), -ENODATA);
	ck_assert_str_eq(messages.text, "0: found an empty file, expected version and chains\n");
	ck_assert(!chmod(at(root, "/sub/c.yaml"), 0666));
	ck_assert_int_eq(read_file(at(root, "/sub/c.yaml"), &file, &messages), -EPERM);
	ck_assert_uint_eq(messages.n, 1);
	ck_assert(!file.n && !file.path);
	free(real);
	remove_root(root);
}
END_TEST

/* Somebody else's file is refused; only root can make one. */
START_TEST(refuses_other_owners)
{
	struct messages messages;
	struct chain_file file;
	char *root = make_root();

	put_file(root, "/c.yaml", E "    programs: []\n");
	if (geteuid() == 0) {
		ck_assert(!chown(at(root, "/c.yaml"), 65534, 65534));
		ck_assert_int_eq(read_file(at(root, "/c.yaml"), &file, &messages), -EPERM);
		ck_assert_uint_eq(messages.n, 1);
	}
	remove_root(root);
}
END_TEST

TCase *chain_file_tests(void)
{
	TCase *tcase = tcase_create("chain-file");

	tcase_add_loop_test(tcase, says_what_is_wrong, 0, N(wrong));
	tcase_add_test(tcase, reads_all);
	tcase_add_test(tcase, has_defaults);
	tcase_add_loop_test(tcase, written_is_the_same, 0, N(good));
	tcase_add_test(tcase, writes_what_differs_from_defaults);
	tcase_add_test(tcase, writes_utf8_alone);
	tcase_add_test(tcase, finds_one);
	tcase_add_test(tcase, is_bounded);
	tcase_add_test(tcase, says_twenty_mistakes);
	tcase_add_test(tcase, bounds_paths);
	tcase_add_test(tcase, bounds_aliases);
	tcase_add_test(tcase, reads_files);
	tcase_add_test(tcase, refuses_other_owners);
	return tcase;
}
