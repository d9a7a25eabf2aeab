// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sixty rules with every condition and setting, written in three formats by three hands, and a
 * database made of them: all must decide as the reference resolver does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/db.h"
#include "reference.h"
#include "unit.h"

static const char *const formats[] = { "conf", "yaml", "json" };
#define N_FORMATS  3
#define N_SUBJECTS 10000

static char *root;

static void setup(void)
{
	root = make_root();
}

static void teardown(void)
{
	remove_root(root);
}

static char *read_rules(const char *format, size_t *size)
{
	char path[4096], *text = malloc(POLICY_MAX_FILE_SIZE);
	FILE *f;

	snprintf(path, sizeof(path), RULES_DIR "/sixty.%s", format);
	f = fopen(path, "re");
	ck_assert_msg(f, "%s", path);
	*size = fread(text, 1, POLICY_MAX_FILE_SIZE, f);
	fclose(f);
	return text;
}

static void parse_rules(const char *format, struct policy_rules *rules)
{
	static char name[3][16];
	struct messages m;
	struct policy_log log = log_to(&m);
	size_t size, i = format == formats[1] ? 1 : format == formats[2] ? 2 : 0;
	char *text = read_rules(format, &size);

	snprintf(name[i], sizeof(name[i]), "sixty.%s", format);
	*rules = (struct policy_rules){ .file = name[i] };
	ck_assert_msg(!policy_rules__parse(rules, text, size, &log), "%s", m.text);
	ck_assert_uint_eq(rules->n, 60);
	free(text);
}

static struct policy *open_format(const char *format)
{
	struct policy *policy;
	struct messages m;
	char path[64], sub[64];
	size_t size;
	char *text = read_rules(format, &size), *below;

	snprintf(sub, sizeof(sub), "/%s", format);
	below = strdup(at(root, sub));
	snprintf(path, sizeof(path), "/%s/etc/xdp/priorities.d/10-sixty.%s", format, format);
	put_bytes(root, path, text, size);
	policy = open_policy(below, &m);
	ck_assert_msg(!m.n, "%s", m.text);
	ck_assert_uint_eq(policy__n_rules(policy), 60);
	free(below);
	free(text);
	return policy;
}

static struct policy *open_db(const struct policy_rules *rules)
{
	struct policy *policy;
	struct messages m;
	char *below;
	int fd;

	put_bytes(root, "/cdb" POLICY_DB_PATH, "", 0);
	fd = open(at(root, "/cdb" POLICY_DB_PATH), O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(policy_db__write(fd, &rules, 1, NULL, NULL), 0);
	close(fd);
	below = strdup(at(root, "/cdb"));
	policy = open_policy(below, &m);
	ck_assert_msg(!m.n, "%s", m.text);
	ck_assert_ptr_nonnull(policy__db(policy));
	ck_assert_uint_eq(policy__n_rules(policy), 0);
	free(below);
	return policy;
}

#define PICK(...) pick((const char *const[]){ __VA_ARGS__, NULL })

/* One of the list, at times what is not in it, or nothing at all. */
static const char *pick(const char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	if (rand() % 8 == 0)
		return NULL;
	return rand() % 12 ? list[rand() % n] : "other";
}

static void random_known(struct policy_known *known, bool mode)
{
	*known = (struct policy_known){ 0 };
	if (rand() % 2) {
		known->has[ATTR_PRIORITY] = true;
		known->value[ATTR_PRIORITY].num = rand() % 100;
	}
	if (rand() % 2) {
		known->has[ATTR_ACTIONS] = true;
		known->value[ATTR_ACTIONS].num = rand() % 32;
	}
	if (mode && rand() % 2) {
		known->has[ATTR_MODE] = true;
		known->value[ATTR_MODE].num = rand() % 4;
	}
}

static void random_subject(struct policy_subject *s)
{
	static const char longest[] =
		"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp";

	*s = (struct policy_subject){
		.value = {
			[COND_PROGRAM] = PICK("xdp_filter", "xdp_ddos", "xdp_lb", "xdp_count",
					      "dns_cache", "dns_limit", "suricata", "tls_drop",
					      "probe_a", "probe_b", "af_xdp", "bypass", "a*b",
					      "xyz", "yyz", "true", "false", "null", "12", longest,
					      "ab", "af", "xdp_bypass"),
			[COND_SECTION] = PICK("xdp", "xdp/devmap", "xdp/cpumap", "xdp.frags"),
			[COND_OBJECT] = PICK("/usr/lib/bpf/x.o", "/usr/lib/bpf/old.o",
					     "/opt/lb/lb.o"),
			[COND_TAG] = PICK("0123456789abcdef", "00aa000000000000",
					  "00ff000000000000", "a5a5a5a5a5a5a5a5"),
			[COND_EXECUTABLE] = PICK("/usr/sbin/xdp-loader", "/usr/local/bin/x",
						 "/usr/sbin/suricata"),
			[COND_USER] = PICK("root", "www-data", "33", "nobody"),
			[COND_UNIT] = PICK("", "suricata.service", "dns1.service", "x.scope"),
			[COND_HOST] = PICK("edge-1.example.net", "edge-9", "core.example.org",
					   "core", "edge-12"),
			[COND_INTERFACE] = PICK("eth0", "eth1", "eth9", "bond0", "bond1", "ens3",
						"np0"),
			[COND_DRIVER] = PICK("ixgbe", "veth", "i40e", "ice", "ice_old", "r8169",
					     "virtio_net"),
			[COND_MODE] = PICK("native", "skb", "hw"),
		},
	};
	if (rand() % 3 == 0)
		s->uid = "0";
	random_known(&s->app, true);
	random_known(&s->btf, false);
}

START_TEST(test_all_formats_decide_alike)
{
	struct policy *policy[N_FORMATS + 1];
	struct policy_rules rules;
	unsigned int n_from_rules = 0, n_special = 0;

	parse_rules(formats[0], &rules);
	for (int f = 0; f < N_FORMATS; f++)
		policy[f] = open_format(formats[f]);
	policy[N_FORMATS] = open_db(&rules);
	srand(60);
	for (int i = 0; i < N_SUBJECTS; i++) {
		struct policy_subject subject;
		struct policy_decision d[N_FORMATS + 1];

		random_subject(&subject);
		for (int f = 0; f <= N_FORMATS; f++)
			policy__resolve(policy[f], &subject, NULL, &d[f]);
		for_each_attr(attr) {
			uint32_t expected = reference__decide(&rules, &subject, attr);

			for (int f = 0; f <= N_FORMATS; f++)
				ck_assert_msg(d[f].attr[attr].value.num == expected,
					      "subject %d, program %s, %s: %u by %s, expected %u",
					      i, subject.value[COND_PROGRAM],
					      policy_key__attr(attr)->name,
					      d[f].attr[attr].value.num,
					      f < N_FORMATS ? formats[f] : "cdb", expected);
			n_from_rules += policy_origin__is_rule(&d[0].attr[attr].origin);
			n_special += d[0].attr[attr].origin.nth > 1;
		}
	}
	/* the subjects are such that rules matter */
	ck_assert_uint_gt(n_from_rules, N_SUBJECTS * 2);
	ck_assert_uint_gt(n_special, 100);
	for (int f = 0; f <= N_FORMATS; f++)
		policy__close(policy[f]);
	policy_rules__clear(&rules);
}
END_TEST

/* Every rule of the sixty is there for a reason: each condition and setting is used. */
START_TEST(test_the_rules_use_everything)
{
	struct policy_rules rules;
	unsigned int conds = 0, attrs = 0, orders = 0;

	parse_rules(formats[1], &rules);
	for (size_t i = 0; i < rules.n; i++) {
		conds |= rules.rule[i].head.conds;
		for_each_attr(attr)
			attrs |= rules.rule[i].head.has[attr] << attr;
		orders += rules.rule[i].has_order;
	}
	ck_assert_uint_eq(conds, (1U << N_CONDS) - 1);
	ck_assert_uint_eq(attrs, (1U << N_ATTRS) - 1);
	ck_assert_uint_ge(orders, 4);
	policy_rules__clear(&rules);
}
END_TEST

TCase *formats_tests(void)
{
	TCase *tc = tcase_create("formats");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_all_formats_decide_alike);
	tcase_add_test(tc, test_the_rules_use_everything);
	return tc;
}
