// SPDX-License-Identifier: LGPL-2.1-or-later
/* Classes, reasons and states: their words, their sentences, and what to do about them. */
#include <stdio.h>
#include <string.h>

#include "coverage.h"

static const struct {
	const char *name, *sentence;
} classes[N_COVERAGE_CLASSES] = {
	[COVERAGE_FULL] = { "full", "in full" },
	[COVERAGE_AT_OPEN] = { "at-open", "at open, interface rules by the daemon" },
	[COVERAGE_DAEMON] = { "daemon", "by the daemon only" },
	[COVERAGE_NONE] = { "none", "not at all" },
	[COVERAGE_NO_XDP] = { "no-xdp", "attaches no XDP" },
	[COVERAGE_UNKNOWN] = { "unknown", "cannot be told" },
};

#define NO_CHAINS     "nothing: it makes no chains"
#define NO_DISPATCHER "nothing: it makes no chains; only 'attach = deny' can hold for it"

static const struct {
	enum coverage_class class;
	const char *name, *sentence;
	const char *advice; /* whatever the state is */
} reasons[N_COVERAGE_REASONS] = {
	[REASON_SHARED] = { COVERAGE_FULL, "shared-libxdp", "shared libxdp.so.1", NULL },
	[REASON_PLUGIN] = { COVERAGE_FULL, "plug-in", "shared libxdp.so.1, of a plug-in", NULL },
	[REASON_OPENS] = { COVERAGE_FULL, "opens-libxdp", "may open libxdp.so.1 while it runs",
			   NULL },
	[REASON_INSIDE] = { COVERAGE_FULL, "libxdp-inside",
			    "libxdp inside, shared libbpf.so.1: all but attach-mode", NULL },
	[REASON_OURS] = { COVERAGE_FULL, "libxdppolicy", "asks the policy itself", NULL },
	[REASON_RECORDS] = { COVERAGE_FULL, "attached-by-preload",
			     "dispatcher, attached under the policy", NULL },
	[REASON_INSIDE_OLD] = { COVERAGE_AT_OPEN, "libxdp-inside-old",
				"libxdp inside, which attaches without bpf_xdp_attach()", NULL },
	[REASON_STATIC] = { COVERAGE_DAEMON, "static-libxdp", "libxdp and libbpf inside", NULL },
	[REASON_LIBBPF_0] = { COVERAGE_DAEMON, "libbpf-0",
			      "libbpf.so.0, which the preload keeps out of", NULL },
	[REASON_OTHER_LOADER] = { COVERAGE_DAEMON, "other-loader",
				  "the loader of another C library", NULL },
	[REASON_NO_SHIM] = { COVERAGE_DAEMON, "no-preload-for-it",
			     "no preload of its machine and word size", NULL },
	[REASON_NO_RECORD] = { COVERAGE_DAEMON, "attached-without-preload",
			       "dispatcher, attached without the preload", NULL },
	[REASON_SKIPS] = { COVERAGE_NONE, "skips-dispatcher",
			   "LIBXDP_SKIP_DISPATCHER is set, or it sets that",
			   "unset LIBXDP_SKIP_DISPATCHER where it is started; with a shared "
			   "libxdp a rule 'dispatcher = required' can do it" },
	[REASON_OWN_PROGRAM] = { COVERAGE_NONE, "own-program",
				 "libxdp for its sockets alone, its program past the dispatcher",
				 NO_DISPATCHER },
	[REASON_LIBBPF] = { COVERAGE_NONE, "libbpf-attach",
			    "shared libbpf, attaches past the dispatcher", NO_DISPATCHER },
	[REASON_NETLINK] = { COVERAGE_NONE, "netlink-attach",
			     "speaks netlink itself, attaches past the dispatcher", NO_CHAINS },
	[REASON_LIBBPF_INSIDE] = { COVERAGE_NONE, "libbpf-inside",
				   "libbpf inside, would attach past the dispatcher", NO_CHAINS },
	[REASON_GO] = { COVERAGE_NONE, "go", "Go, attaches past the dispatcher",
			"nothing: it makes no chains; import takes over data of l3afd" },
	[REASON_RUST] = { COVERAGE_NONE, "rust", "Rust's aya, would attach past the dispatcher",
			  NO_CHAINS },
	[REASON_BPFMAN] = { COVERAGE_NONE, "bpfman", "bpfman, whose chains are its own",
			    "give priorities to bpfman, or take over its data by import" },
	[REASON_HOLDS_LINK] = { COVERAGE_NONE, "holds-link", "holds an interface by a bpf_link",
				NO_CHAINS },
	[REASON_HOLDS_PROGRAM] = { COVERAGE_NONE, "holds-program",
				   "holds XDP programs, without libxdp", NO_CHAINS },
	[REASON_LONE_PROGRAM] = { COVERAGE_NONE, "no-dispatcher",
				  "one program without a dispatcher",
				  "take it off, and load it by libxdp or by xdp-policy load" },
	[REASON_LINK] = { COVERAGE_NONE, "bpf-link", "belongs to a bpf_link",
			  "nothing: the chain is its owner's" },
	[REASON_NO_BPF] = { COVERAGE_NO_XDP, "no-bpf", "neither libxdp nor libbpf", NULL },
	[REASON_NO_ATTACH] = { COVERAGE_NO_XDP, "no-attach", "BPF, but nothing in it attaches XDP",
			       NULL },
	[REASON_NOT_ELF] = { COVERAGE_NO_XDP, "no-program", "no program", NULL },
	[REASON_UNTOLD_STATIC] = { COVERAGE_UNKNOWN, "static",
				   "static, without a trace of a library for XDP",
				   "look at xdp-policy status while it runs" },
	[REASON_UNTOLD_LIBBPF] = { COVERAGE_UNKNOWN, "libbpf-inside-only",
				   "libbpf inside, without what attaches XDP by netlink",
				   "look at xdp-policy status while it runs" },
	[REASON_UNCALLED] = { COVERAGE_UNKNOWN, "uncalled-libxdp",
			      "shared libxdp.so.1, but no call of what uses it is seen",
			      "look at xdp-policy status while it runs" },
	[REASON_LIBRARY_MAY] = { COVERAGE_UNKNOWN, "library-may-attach",
				 "a library of it may attach past the dispatcher",
				 "look at xdp-policy status while it runs" },
	[REASON_LINK_CREATE] = { COVERAGE_UNKNOWN, "link-create",
				 "bpf_link_create(), for XDP or for other things",
				 "look at xdp-policy status while it runs; where it is for XDP "
				 "only 'attach = deny' can hold for it" },
	[REASON_OWN_CALL] = { COVERAGE_UNKNOWN, "own-bpf-call", "calls bpf(2) by itself, or may",
			      "look at xdp-policy status while "
			      "it runs" },
	[REASON_STARTS] = { COVERAGE_UNKNOWN, "starts-others", "not known",
			    "ask for the program that it starts" },
	[REASON_OTHER_ROOT] = { COVERAGE_UNKNOWN, "other-root", "not known",
				"look at its processes while it runs" },
	[REASON_HIDDEN] = { COVERAGE_UNKNOWN, "hidden-files", "not known",
			    "let it have what is the host's there, by its unit or its container" },
	[REASON_NO_ANSWER] = { COVERAGE_UNKNOWN, "no-answer", "not known",
			       "look where its root directory and its program are mounted from" },
	[REASON_NO_LIBRARY] = { COVERAGE_UNKNOWN, "no-library", "found not all of its libraries",
				"look whether they are installed, and where it is told to find "
				"them" },
	[REASON_TOO_LARGE] = { COVERAGE_UNKNOWN, "too-large",
			       "not known: too large, or of too many libraries",
			       "look at xdp-policy status while it runs" },
	[REASON_BROKEN] = { COVERAGE_UNKNOWN, "broken", "an ELF file that cannot be read",
			    "look whether it is whole" },
	[REASON_MISSING] = { COVERAGE_UNKNOWN, "missing", "found no such file",
			     "look whether it is installed" },
	[REASON_REFUSED] = { COVERAGE_UNKNOWN, "refused", "not permitted to look at it",
			     "ask as root, outside of containers" },
};

static const char *const states[N_COVERAGE_STATES] = {
	[STATE_NOTHING] = "-",	     [STATE_OFF] = "off",	[STATE_DISABLED] = "disabled",
	[STATE_RESTART] = "restart", [STATE_DAEMON] = "daemon", [STATE_ENABLED] = "enabled",
	[STATE_LOADED] = "loaded",   [STATE_ACTIVE] = "active",
};

static const struct {
	uint32_t note;
	const char *name, *sentence;
} notes[] = {
	{ NOTE_SETUID, "set-user-id",
	  "is set-user-ID or set-group-ID: /etc/ld.so.preload holds for it, LD_PRELOAD does not" },
	{ NOTE_CAPABILITIES, "capabilities",
	  "has file capabilities: /etc/ld.so.preload holds for it, LD_PRELOAD does not" },
	{ NOTE_MNT_NS, "mount-namespace",
	  "in another mount namespace, where the preload must be, too" },
	{ NOTE_ROOT, "root-directory",
	  "in another root directory, where the preload must be, too" },
	{ NOTE_LACKS, "lacks-library",
	  "its /etc/ld.so.preload names the preload, which is not there" },
	{ NOTE_DROPS, "drops-preload", "starts what it starts without LD_PRELOAD" },
	{ NOTE_NET_NS, "network-namespace", "in another network namespace" },
	{ NOTE_HOLDS, "holds-programs", "holds XDP programs" },
	{ NOTE_MIXED, "mixed", "what it attaches by libbpf itself goes past the dispatcher" },
	{ NOTE_MAY_OPEN, "opened", "opened while it runs" },
};

enum coverage_class coverage__class(const struct coverage *coverage)
{
	return reasons[coverage->reason].class;
}

const char *coverage_class__name(enum coverage_class class)
{
	return classes[class].name;
}

const char *coverage_class__sentence(enum coverage_class class)
{
	return classes[class].sentence;
}

const char *coverage_reason__name(enum coverage_reason reason)
{
	return reasons[reason].name;
}

const char *coverage_reason__sentence(enum coverage_reason reason)
{
	return reasons[reason].sentence;
}

const char *coverage_state__name(enum coverage_state state)
{
	return states[state];
}

const char *coverage_note__sentence(unsigned int i, uint32_t *note, const char **name)
{
	if (i >= sizeof(notes) / sizeof(notes[0]))
		return NULL;
	*note = notes[i].note;
	*name = notes[i].name;
	return notes[i].sentence;
}

static bool is_preloadable(const struct coverage *coverage)
{
	enum coverage_class class = coverage__class(coverage);

	return class == COVERAGE_FULL || class == COVERAGE_AT_OPEN;
}

static void advise_preload(const struct coverage *coverage, char *buf, size_t size)
{
	bool host_wide = coverage->notes & (NOTE_SETUID | NOTE_CAPABILITIES);

	/* a shell takes a '\\' of it for its own */
	const char *quote = strchr(coverage->unit, '\\') ? "'" : "";

	if (*coverage->unit && !host_wide)
		snprintf(buf, size, "xdp-policy preload enable --unit %s%s%s%s", quote,
			 coverage->unit, quote,
			 coverage->what == WHAT_PROCESS ? ", and restart it" : "");
	else if (coverage->what == WHAT_PROCESS)
		snprintf(buf, size, "xdp-policy preload enable, and restart it");
	else
		snprintf(buf, size, "xdp-policy preload enable%s",
			 host_wide ? "" : ", or start it by xdp-policy run");
}

void coverage__advise(const struct coverage *coverage, char *buf, size_t size)
{
	const char *advice = reasons[coverage->reason].advice;

	if (advice && coverage->no_deny && strstr(advice, "deny"))
		advice = NO_CHAINS;
	*buf = '\0';
	if (advice)
		snprintf(buf, size, "%s", advice);
	else if (coverage->state == STATE_DISABLED)
		snprintf(buf, size, "rm /run/xdp/disabled");
	else if (coverage->state == STATE_RESTART)
		snprintf(buf, size, "restart it");
	else if (coverage->state == STATE_OFF && is_preloadable(coverage))
		advise_preload(coverage, buf, size);
	else if (coverage->state == STATE_OFF)
		snprintf(buf, size, "systemctl enable --now xdp-policyd%s",
			 coverage->what == WHAT_INTERFACE ? ", or xdp-policy apply" : "");
}

bool coverage__is_reached(const struct coverage *coverage)
{
	switch (coverage__class(coverage)) {
	case COVERAGE_FULL:
	case COVERAGE_AT_OPEN:
	case COVERAGE_DAEMON:
		return coverage->state == STATE_NOTHING || coverage->state >= STATE_DAEMON;
	case COVERAGE_NO_XDP:
		return true;
	default:
		return false;
	}
}
