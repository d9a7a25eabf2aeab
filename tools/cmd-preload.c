// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "below.h"
#include "common/closed.h"
#include "common/proc-looks.h"
#include "coverage.h"
#include "preload-edit.h"
#include "preload-probe.h"
#include "preload-unit.h"
#include "preload/elsewhere.h"
#include "preload/parts.h"
#include "preload/symbols.h"
#include "tool.h"

struct preload {
	struct tool_opts opts;
	const char *root; /* "" for the host */
	const char *verb, *unit;
	bool force;
};

static const struct argp_option options[] = {
	{ "unit", 'u', "UNIT", 0, "One service of systemd, not all processes", 0 },
	{ "force", 1, NULL, 0, "Enable even if something that matters less is wrong", 0 },
	{ 0 },
};

static error_t parse_verb(struct preload *preload, const char *arg, struct argp_state *state)
{
	static const char *const verbs[] = { "enable", "disable", "status", PRELOAD_PROBE };

	for (size_t i = 0; !preload->verb && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(arg, verbs[i]))
			continue;
		preload->verb = verbs[i];
		return 0;
	}
	if (preload->verb)
		argp_error(state, "found '%s', expected nothing more; did you mean --unit=%s?", arg,
			   arg);
	else
		argp_error(state, "found '%s', expected enable, disable or status", arg);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct preload *preload = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &preload->opts;
		return 0;
	case 'u':
		preload->unit = arg;
		return 0;
	case 1:
		preload->force = true;
		return 0;
	case ARGP_KEY_ARG:
		return parse_verb(preload, arg, state);
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "found nothing, expected enable, disable or status");
		return EINVAL;
	case ARGP_KEY_END:
		if (preload->force && strcmp(preload->verb, "enable"))
			argp_error(state, "found --force with %s, expected it with enable",
				   preload->verb);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- status --- */

/* Whether LD_PRELOAD names our library; the loader takes it apart at blanks and colons. */
static bool names_us(const char *list)
{
	char word[512];

	while (policy_text__word(&list, " :", word, sizeof(word)))
		if (preload_file__is_ours(word, strlen(word)))
			return true;
	return false;
}

static bool is_interposing(void)
{
	const char *path = preload_probe__in_front();

	return preload_file__is_ours(path, strlen(path));
}

static void print_unit(const struct preload_unit *unit, const struct preload_processes *running,
		       json_t *json)
{
	bool enabled = preload_unit__is_enabled(unit);

	if (json) {
		json_object_set_new(json, "unit",
				    json_pack("{s:s, s:o, s:b, s:i, s:i, s:i}", "name", unit->name,
					      "file", tool_json_string(unit->dropin), "enabled",
					      enabled, "processes", running->all, "with-preload",
					      running->with, "unreadable", running->unreadable));
		return;
	}
	tool_print("%-12s %-4s %s%s\n", "unit", enabled ? "yes" : "no", unit->dropin,
		   enabled ? "" : " is not there, or does not name the shim");
	tool_print("%-12s %-4u of the %u of %s that run now have it", "processes", running->with,
		   running->all, unit->name);
	if (running->unreadable)
		printf("; %u cannot be looked into", running->unreadable);
	putchar('\n');
}

static void tell_closed(void *ctx, const char *part, mode_t mode)
{
	bool *for_all = ctx;

	*for_all = false;
	tool_error("%s: found mode %04o, expected that all users can %s it", part, mode & 07777,
		   closed__verb(mode));
}

/* Whether processes of all users can open both, which are there. Else says what is in the way. */
static bool is_for_all(const char *root)
{
	bool for_all = below__exists(root, PRELOAD_PATH) && below__exists(root, HOOKS_PATH);

	closed__each(root, PRELOAD_PATH, false, tell_closed, &for_all);
	if (for_all)
		closed__each(root, HOOKS_PATH, false, tell_closed, &for_all);
	return for_all;
}

static void tell_closed_policy(void *ctx, const char *part, mode_t mode)
{
	(void)ctx;
	tool_error("%s: found mode %04o, expected that all users can %s it: processes of others do "
		   "not follow what is there of the policy",
		   part, mode & 07777, closed__verb(mode));
}

/* What the preload does once it is there is no part of the status; that it cannot is told. */
static void look_at_policy(const char *root)
{
	static const struct policy_log silent;
	struct policy_files files;

	if (policy_files__find(root, (uid_t)-1, NULL, &files, &silent))
		return;
	closed__policy(root, &files, tell_closed_policy, NULL);
	policy_files__free(&files);
}

/* Where the name is and the library is not: a sandbox with this /etc and another /usr. */
static void print_elsewhere(json_t *json)
{
	struct preload_elsewhere elsewhere;

	preload_elsewhere__look(&elsewhere);
	if (json) {
		json_object_set_new(
			json, "elsewhere",
			json_pack("{s:i, s:i, s:i, s:o}", "lacking", elsewhere.lacking,
				  "unreadable", elsewhere.unreadable, "unknown", elsewhere.unknown,
				  "pid",
				  elsewhere.pid ? json_integer(elsewhere.pid) : json_null()));
		return;
	}
	tool_print("%-12s %-4u processes have " PRELOAD_FILE " and not the shim", "lacking",
		   elsewhere.lacking);
	if (elsewhere.lacking)
		tool_print(", such as %d (%s): each program says so there at its start, and runs "
			   "without; xdp-policy-preload(7) has ways out",
			   elsewhere.pid, elsewhere.name);
	if (elsewhere.unreadable)
		tool_print("; %u cannot be looked into", elsewhere.unreadable);
	if (elsewhere.unknown)
		tool_print("; %u are not known", elsewhere.unknown);
	if (elsewhere.silent)
		tool_print(": the files of process %d did not answer within %d s", elsewhere.silent,
			   PROC_LOOKS_SECONDS);
	putchar('\n');
}

enum fact_state {
	FACT_NO,
	FACT_YES,
	FACT_UNKNOWN
};

/* A fact, and the sentence for the state that it is in. */
struct fact {
	const char *name;
	enum fact_state state;
	char text[2 * PATH_MAX];
};

__attribute__((format(printf, 4, 5))) static void set_fact(struct fact *fact, const char *name,
							   enum fact_state state, const char *fmt,
							   ...)
{
	va_list args;

	fact->name = name;
	fact->state = state;
	va_start(args, fmt);
	vsnprintf(fact->text, sizeof(fact->text), fmt, args);
	va_end(args);
}

static void print_fact(const struct fact *fact, json_t *json)
{
	static const char *const words[] = { "no", "yes", "?" };

	if (json)
		json_object_set_new(json, fact->name,
				    fact->state == FACT_UNKNOWN ? json_null() :
								  json_boolean(fact->state));
	else
		tool_print("%-12s %-4s %s\n", fact->name, words[fact->state], fact->text);
}

/* The file is there, and what stands in it cannot be known. */
static bool is_unreadable(const char *root)
{
	char real[PATH_MAX];
	int fd = below__open(root, PRELOAD_FILE, real, sizeof(real));

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno != ENOENT && errno != ENOTDIR;
}

static void look_at_host(const struct preload *preload, bool works, struct preload_found *found,
			 struct fact *ret)
{
	char times[64] = "";

	if (!preload_edit__look(preload->root, NULL, found) && is_unreadable(preload->root)) {
		set_fact(ret, "host", FACT_UNKNOWN,
			 PRELOAD_FILE " cannot be read, and may name the shim");
		return;
	}
	if (found->ours > 1)
		snprintf(times, sizeof(times), " %u times, once is enough", found->ours);
	if (!found->ours)
		set_fact(ret, "host", FACT_NO, PRELOAD_FILE " does not name the shim");
	else if (works)
		set_fact(ret, "host", FACT_YES,
			 PRELOAD_FILE " names the shim%s: every new process gets it", times);
	else
		set_fact(ret, "host", FACT_YES,
			 PRELOAD_FILE " names the shim%s: programs say at their start that it "
				      "cannot be used, or run without the policy",
			 times);
}

static void look_at_part(const char *root, const char *name, const char *path,
			 const char *(*look)(const char *root, char *why), struct fact *ret)
{
	char buf[PRELOAD_PART_WHY_SIZE];
	const char *why = look(root, buf);

	set_fact(ret, name, why ? FACT_NO : FACT_YES, "%s%s%s", path, why ? " " : "",
		 why ? why : "");
}

/* What an administrator asks first. */
static void print_summary(const struct preload *preload, const struct preload_unit *unit,
			  bool works, enum fact_state host)
{
	if (!works)
		puts("The preload is not installed, or cannot be used; see what says no below.");
	else if (host == FACT_YES)
		puts("The preload is installed, and enabled for every new process.");
	else if (unit && preload_unit__is_enabled(unit))
		tool_print("The preload is installed, and enabled for %s.\n", unit->name);
	else if (unit)
		tool_print("The preload is installed, and not enabled for %s.\n", unit->name);
	else if (host == FACT_UNKNOWN)
		puts("The preload is installed; whether it is enabled for every process is not "
		     "known.");
	else
		puts("The preload is installed, and not enabled for every process; --unit shows "
		     "one service.");
	if (policy_files__is_disabled(preload->root))
		puts("The policy is off.");
}

static int print_status(const struct preload *preload, const struct preload_unit *unit)
{
	enum {
		SHIM,
		HOOKS,
		ALL_USERS,
		HOST,
		ENVIRONMENT,
		MAPPED,
		INTERPOSING,
		DISABLED,
		N_FACTS
	};
	const char *env = getenv("LD_PRELOAD"), *root = preload->root;
	bool in_env = env && names_us(env), in_front = is_interposing();
	bool mapped = preload_probe__is_mapped("self") > 0, for_all = is_for_all(root);
	bool disabled = policy_files__is_disabled(root), works;
	json_t *json = preload->opts.json ? tool_json_new() : NULL;
	struct fact *facts = calloc(N_FACTS, sizeof(*facts));
	struct preload_processes running = { 0 };
	struct preload_found found;

	if (!facts)
		return tool_no_memory();
	look_at_part(root, "shim", PRELOAD_PATH, preload_parts__shim, &facts[SHIM]);
	look_at_part(root, "hooks", HOOKS_PATH, preload_parts__hooks, &facts[HOOKS]);
	works = facts[SHIM].state && facts[HOOKS].state;
	look_at_host(preload, works, &found, &facts[HOST]);
	set_fact(&facts[ALL_USERS], "all-users", for_all,
		 for_all ? "processes of all users can open both" :
			   "there are users whose processes cannot open both");
	set_fact(&facts[ENVIRONMENT], "environment", in_env,
		 in_env ? "LD_PRELOAD names the shim: what this shell starts gets it" :
			  "LD_PRELOAD of this shell does not name the shim");
	set_fact(&facts[MAPPED], "mapped", mapped,
		 mapped ? "this command got it, as does what is started like it" :
			  "this command did not get it, nor does what is started like it");
	set_fact(&facts[INTERPOSING], "interposing", in_front,
		 in_front ? "in this command it comes before libbpf, as it must" :
			    "in this command nothing of it comes before libbpf");
	set_fact(&facts[DISABLED], "disabled", disabled,
		 disabled ? POLICY_KILL_SWITCH " is there: the policy is off" :
			    POLICY_KILL_SWITCH
			 " is not there, or does not count: the policy is on");
	works = works && for_all;
	if (unit && !*root)
		preload_unit__processes(unit, &running);
	if (!json)
		print_summary(preload, unit, works, facts[HOST].state);
	for (size_t i = 0; i < N_FACTS; i++)
		print_fact(&facts[i], json);
	free(facts);
	if (found.ours && !*root)
		print_elsewhere(json);
	look_at_policy(root);
	if (unit)
		print_unit(unit, &running, json);
	if (found.comment_line)
		tool_error("%s" PRELOAD_FILE ":%u: found a comment that glibc takes for names, as "
			   "there is one before it; expected one comment at most",
			   root, found.comment_line);
	return json && tool_json_print(json) ? TOOL_FOUND : works ? TOOL_OK : TOOL_FOUND;
}

/* --- the host --- */

static int print_edit(const struct preload *preload, const struct preload_edit *edit,
		      const char *entry)
{
	static const char *const changes[] = {
		[PRELOAD_SAME] = "none",
		[PRELOAD_CHANGED] = "changed",
		[PRELOAD_REMOVED] = "removed",
	};
	json_t *json;

	if (preload->opts.json) {
		json = tool_json_new();
		json_object_set_new(json, "file", tool_json_string(edit->path));
		json_object_set_new(json, "change", json_string(changes[edit->change]));
		json_object_set_new(json, "before", json_integer(edit->found.ours));
		if (entry)
			json_object_set_new(json, "entry", json_string(entry));
		if (edit->kept)
			json_object_set_new(json, "kept", tool_json_string(edit->kept));
		return tool_json_print(json);
	}
	if (edit->change == PRELOAD_SAME)
		tool_print("%s%s: %s\n", edit->path ? edit->path : preload->root,
			   edit->path ? "" : PRELOAD_FILE,
			   entry ? "names the preload already" : "does not name the preload");
	else if (entry)
		tool_print("%s: names %s now\n", edit->path, entry);
	else
		tool_print("%s: %s\n", edit->path,
			   edit->change == PRELOAD_REMOVED ? "removed, nothing else was in it" :
							     "names the preload no more");
	if (entry && edit->found.ours > 1)
		printf("  it was there %u times before, from line %u on\n", edit->found.ours,
		       edit->found.line);
	else if (entry && edit->found.ours && !edit->found.same)
		printf("  in place of another path in line %u\n", edit->found.line);
	if (edit->kept)
		tool_print("  the file as it was: %s\n", edit->kept);
	return TOOL_OK;
}

static void print_way_back(const struct preload *preload, const struct preload_edit *edit)
{
	if (*preload->root) {
		tool_print("  the way back: xdp-policy preload disable --root %s\n", preload->root);
		return;
	}
	puts("Processes that are started from now on have the preload; restart those that shall "
	     "have it.\n"
	     "  off at once, for all: install -d /run/xdp && touch " POLICY_KILL_SWITCH "\n"
	     "  the way back:         xdp-policy preload disable\n"
	     "  if nothing starts any more, in a rescue system or a static shell:");
	tool_print("                        rm %s\n", edit->path);
	puts("Sandboxes with this /etc and another /usr, such as snaps, say at each start that the "
	     "library\nis not there; see xdp-policy-preload(7).");
}

/* The loader of another libc may not read the file at all. */
static int check_host(const struct preload *preload, const struct preload_edit *edit)
{
	if (*preload->root || preload_probe__is_everywhere())
		return TOOL_OK;
	tool_error("%s: names the preload, but a new process does not have it", edit->path);
	return TOOL_FOUND;
}

static int enable_host(const struct preload *preload)
{
	struct preload_edit edit = { 0 };
	const char *entry;
	int status;

	status = preload_probe__try(preload->root, false, preload->force, &entry);
	if (!status)
		status = preload_edit__run(preload->root, entry, &edit);
	if (!status)
		status = check_host(preload, &edit);
	if (!status)
		status = print_edit(preload, &edit, entry);
	if (!status && !preload->opts.json && edit.change != PRELOAD_SAME)
		print_way_back(preload, &edit);
	preload_edit__free(&edit);
	return status;
}

static int disable_host(const struct preload *preload)
{
	struct preload_edit edit = { 0 };
	int status;

	status = preload_edit__run(preload->root, NULL, &edit);
	if (!status)
		status = print_edit(preload, &edit, NULL);
	if (!status && !preload->opts.json && edit.change != PRELOAD_SAME)
		puts("Processes that run keep the preload until they are restarted.");
	preload_edit__free(&edit);
	return status;
}

/* --- one unit --- */

static int print_unit_edit(const struct preload *preload, const struct preload_unit *unit,
			   bool enable)
{
	json_t *json;

	if (preload->opts.json) {
		json = tool_json_new();
		json_object_set_new(json, "unit", json_string(unit->name));
		json_object_set_new(json, "file", tool_json_string(unit->dropin));
		json_object_set_new(json, "change",
				    json_string(!unit->changed ? "none" :
						enable	       ? "changed" :
								 "removed"));
		if (unit->theirs) {
			json_object_set_new(json, "also", tool_json_string(unit->theirs));
			json_object_set_new(json, "also-by", tool_json_string(unit->theirs_by));
		}
		if (unit->elsewhere)
			json_object_set_new(json, "elsewhere", tool_json_string(unit->elsewhere));
		return tool_json_print(json);
	}
	if (unit->elsewhere)
		tool_print("%s: names the preload already\n", unit->elsewhere);
	else
		tool_print("%s: %s\n", unit->dropin,
			   unit->changed ? enable ? "written" : "removed" :
			   enable	 ? "is as it should be already" :
					   "is not there");
	if (unit->theirs)
		tool_print("  %s preloads this too, as before: %s\n    by %s\n", unit->name,
			   unit->theirs, unit->theirs_by);
	return TOOL_OK;
}

static void print_next(const struct preload *preload, const struct preload_unit *unit, bool enable)
{
	/* a shell takes a '\\' of it for its own */
	const char *quote = strchr(unit->name, '\\') ? "'" : "";

	if (!*preload->root && !unit->is_template)
		printf("To take effect:\n"
		       "  systemctl daemon-reload && systemctl restart %s%s%s\n",
		       quote, unit->name, quote);
	else if (!*preload->root)
		puts("To take effect:\n"
		     "  systemctl daemon-reload, and restart its instances");
	if (!enable)
		return;
	fputs("The way back:\n  xdp-policy preload disable", stdout);
	if (*preload->root)
		tool_print(" --root %s", preload->root);
	printf(" --unit %s%s%s\n", quote, unit->name, quote);
}

/* What was found of the commands of a unit. */
struct commands {
	const char *unit;
	bool in_vain;
};

static void tell_command(void *ctx, const struct coverage *coverage)
{
	static const uint32_t drops = NOTE_SETUID | NOTE_CAPABILITIES | NOTE_DROPS;
	const char *why = coverage_reason__sentence(coverage->reason), *sentence, *name;
	bool in_vain = coverage->notes & drops, is_main = !strcmp(coverage->setting, "ExecStart");
	enum coverage_class class = coverage__class(coverage);
	struct commands *commands = ctx;
	uint32_t note = 0;

	if ((class <= COVERAGE_AT_OPEN && !in_vain) || coverage->reason == REASON_MISSING ||
	    (class == COVERAGE_NO_XDP && !(in_vain && is_main)))
		return;
	for (unsigned int i = 0; (sentence = coverage_note__sentence(i, &note, &name)); i++)
		if (coverage->notes & note & drops)
			why = sentence;
	tool_error("%s: the preload may not reach %s=%s: %s%s%s", commands->unit, coverage->setting,
		   coverage->name, why, in_vain || !*coverage->detail ? "" : ": ",
		   in_vain ? "" : coverage->detail);
	commands->in_vain |= in_vain && (is_main || class < COVERAGE_NO_XDP);
}

/*
 * The drop-in sets LD_PRELOAD; whether that is of any use is a matter of what the unit starts. The
 * loader ignores it where a program gets rights by its file, unless it is root's already.
 */
static int check_commands(const struct preload *preload, const struct preload_unit *unit)
{
	struct commands commands = { .unit = unit->name };
	struct coverage_host host;

	if (coverage_host__open(preload->root, &host))
		return tool_no_memory();
	coverage__each_command(&host, unit->name, tell_command, &commands);
	coverage_host__close(&host);
	if (!commands.in_vain || preload->force)
		return TOOL_OK;
	tool_error("%s: its drop-in would have no effect there, but where root starts what has "
		   "more rights by its file; `xdp-policy preload enable` is for all processes; "
		   "--force writes it all the same",
		   unit->name);
	return TOOL_CONFIG;
}

static int change_unit(const struct preload *preload, struct preload_unit *unit)
{
	bool enable = !strcmp(preload->verb, "enable");
	const char *entry;
	int status = TOOL_OK;

	if (enable) {
		/* a service of another word size is rare, and its own */
		status = preload_probe__try(preload->root, true, preload->force, &entry);
		if (!status)
			status = check_commands(preload, unit);
		if (!status)
			status = preload_unit__enable(unit, preload->root, entry, preload->force);
	} else {
		status = preload_unit__disable(unit);
	}
	if (!status)
		status = print_unit_edit(preload, unit, enable);
	if (!status && !preload->opts.json && unit->changed)
		print_next(preload, unit, enable);
	return status;
}

/* --- */

static int run(const struct preload *preload, struct preload_unit *unit)
{
	if (!strcmp(preload->verb, PRELOAD_PROBE))
		return preload_probe__main();
	if (!strcmp(preload->verb, "status"))
		return print_status(preload, unit);
	if (unit)
		return change_unit(preload, unit);
	return !strcmp(preload->verb, "enable") ? enable_host(preload) : disable_host(preload);
}

int cmd_preload(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "enable|disable|status",
		.doc = "Brings the preload to all processes of the host, or to one service, and "
		       "takes it away again; or says whether it is installed and whole, and which "
		       "processes get it.",
		.children = children,
	};
	struct preload preload = { 0 };
	struct preload_unit unit;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &preload);
	preload.root = preload.opts.root ? preload.opts.root : "";
	if (!preload.unit)
		return run(&preload, NULL);
	status = preload_unit__open(&unit, preload.root, preload.unit);
	if (!status) {
		status = run(&preload, &unit);
		preload_unit__close(&unit);
	}
	return status;
}
