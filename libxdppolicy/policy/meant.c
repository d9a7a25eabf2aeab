// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a word that nothing knows is likely meant for. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "meant.h"

/* What other tools call it. One word may mean different things: what is expected chooses. */
static const struct synonym {
	const char *meant;
	const char *words; /* with a blank before and behind each */
} synonyms[] = {
	/* keys of rules and chain files */
	{ "interface", " if iface ifname intf dev device netdev nic port link ethernet " },
	{ "program", " func function fn name progname " },
	{ "programs", " func functions name names objects " },
	{ "priority", " pri run-prio run-priority rank weight position precedence metric " },
	{ "order", " before after sequence sort " },
	{ "chain-call-actions",
	  " action actions chain-actions call-actions proceed-on verdict verdicts on-return " },
	{ "attach", " allow deny block permit reject refuse forbid " },
	{ "executable", " exe exec bin binary command comm cmd process application app argv0 " },
	{ "user", " uid euid username owner account " },
	{ "unit", " service systemd slice cgroup " },
	{ "host", " hostname node machine server " },
	{ "object", " file path elf bpf bytecode object-file filename " },
	{ "attach-mode", " mode xdp-mode xdpmode flags " },
	{ "mode", " attach-mode xdp-mode xdpmode flags " },
	{ "sha256", " hash digest checksum sum " },
	{ "chains", " interface interfaces devices ports " },
	{ "rules", " policy policies priorities entries " },
	{ "match", " conditions condition when if where filter matches " },
	{ "set", " settings then actions apply values " },
	{ "share-maps", " maps map shared shared-maps reuse-maps " },
	{ "add", " append merge keep-others " },
	/* modes */
	{ "skb", " generic xdpgeneric software sw skb-mode " },
	{ "native", " driver drv xdpdrv drv-mode native-mode " },
	{ "hw", " offload offloaded xdpoffload hardware hw-mode " },
	{ "auto", " best any default unspec unspecified " },
	/* what else a value can be */
	{ "deny", " no false drop never block refuse reject off forbid prohibit disallow denied " },
	{ "allow", " yes true pass accept permit ok on allowed " },
	{ "required", " yes true on must always force mandatory " },
	{ "optional", " no false off may never " },
	{ "true", " yes on 1 " },
	{ "false", " no off 0 " },
	{ "refuse", " fail error abort " },
	{ "replace", " overwrite force " },
	{ "keep", " leave ignore " },
	{ "PASS", " accept allow ok permit " },
	{ "DROP", " deny block discard reject " },
	{ "ABORTED", " error exception " },
	{ "TX", " transmit reflect bounce send " },
	{ "REDIRECT", " forward " },
	/* the switch */
	{ "files", " file conf config local rules " },
	{ "cdb", " db database " },
	{ "app", " application libxdp setter " },
	{ "btf", " author authors object elf " },
	{ "on-error", " onerror error on-fail on-failure " },
	{ "success", " found ok " },
	{ "notfound", " not-found missing none " },
	{ "unavail", " unavailable error down " },
	{ "tryagain", " again retry busy " },
	{ "return", " stop break end " },
	{ "continue", " next " },
	{ "merge", " union " },
	/* commands */
	{ "check", " validate verify lint test " },
	{ "explain", " why resolve query " },
	{ "status", " list ls show " },
	{ "load", " attach add " },
	{ "unload", " remove rm detach delete del " },
	{ "preload", " enable disable " },
};

#define MAX_WORD 31

/* As it is compared: small letters, and - for _. */
static bool normalize(const char *word, char *ret)
{
	size_t len = strlen(word);

	if (!len || len > MAX_WORD)
		return false;
	for (size_t i = 0; i <= len; i++)
		ret[i] = word[i] == '_' ? '-' : (char)tolower((unsigned char)word[i]);
	return true;
}

/* Edit distance; a swap of two neighbours counts as one edit. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned char d[MAX_WORD + 1][MAX_WORD + 1];
	size_t la = strlen(a), lb = strlen(b);

	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			unsigned int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1U < best)
				best = d[i - 1][j] + 1U;
			if (d[i][j - 1] + 1U < best)
				best = d[i][j - 1] + 1U;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1U < best)
				best = d[i - 2][j - 2] + 1U;
			d[i][j] = best;
		}
	}
	return d[la][lb];
}

static bool is_synonym(const char *word, const char *meant)
{
	char framed[MAX_WORD + 3];

	snprintf(framed, sizeof(framed), " %s ", word);
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (!strcmp(synonyms[i].meant, meant))
			return strstr(synonyms[i].words, framed);
	return false;
}

static const char *find_synonym(const char *word, const char *const *candidates, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_synonym(word, candidates[i]))
			return candidates[i];
	return NULL;
}

/* The one that begins with word; of order and order-start the former. */
static const char *find_longer(const char *word, const char *const *candidates, size_t n)
{
	const char *found = NULL;
	size_t len = strlen(word);
	char name[MAX_WORD + 1];

	for (size_t i = 0; i < n; i++) {
		if (!normalize(candidates[i], name) || strncmp(name, word, len))
			continue;
		if (!found || !strncmp(candidates[i], found, strlen(candidates[i])))
			found = candidates[i];
		else if (strncmp(candidates[i], found, strlen(found)))
			return NULL;
	}
	return len > 1 ? found : NULL;
}

/* A short word is near to much that it has nothing to do with. */
static const char *find_nearest(const char *word, const char *const *candidates, size_t n)
{
	unsigned int best = (strlen(word) + 1) / 3;
	const char *found = NULL;
	char name[MAX_WORD + 1];

	for (size_t i = 0; i < n; i++) {
		unsigned int d = normalize(candidates[i], name) ? distance(word, name) : MAX_WORD;

		if (d <= best && (!found || d < best)) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}

const char *policy_meant__find(const char *word, const char *const *candidates, size_t n)
{
	char name[MAX_WORD + 1], candidate[MAX_WORD + 1];
	const char *found;

	if (!normalize(word, name))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (normalize(candidates[i], candidate) && !strcmp(name, candidate))
			return candidates[i];
	found = find_synonym(name, candidates, n);
	if (!found)
		found = find_longer(name, candidates, n);
	return found ? found : find_nearest(name, candidates, n);
}

/* As the kernel, systemd and the usual tools name them; no function is called so. */
bool policy_meant__is_interface(const char *word)
{
	static const char *const beginnings[] = { "eth",  "ens",   "eno",  "enp",  "enx",
						  "wlan", "wlp",   "bond", "tun",  "tap",
						  "veth", "dummy", "vlan", "virbr" };
	size_t len = 0;

	if (!strcmp(word, "lo"))
		return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]) && !len; i++)
		if (!strncmp(word, beginnings[i], strlen(beginnings[i])))
			len = strlen(beginnings[i]);
	return len && isdigit((unsigned char)word[len]) &&
	       !word[len + strspn(word + len, "0123456789abcdefnps.")];
}

struct policy_hint policy_meant__hint(const char *word, const char *const *candidates, size_t n)
{
	const char *meant = policy_meant__find(word, candidates, n);
	struct policy_hint hint = { "" };

	if (meant)
		snprintf(hint.text, sizeof(hint.text), "; did you mean %.*s?", MAX_WORD, meant);
	return hint;
}
