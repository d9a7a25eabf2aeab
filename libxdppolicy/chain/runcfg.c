// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * In BTF a run config is a variable `_PROGRAM` in the data section `.xdp_run_config`; its type is a
 * struct in which each value is the number of elements of the array that a member points to
 * (libbpf's __uint() notation).
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runcfg.h"

#define SECTION	    RUNCFG_SECTION
#define OLD_SECTION RUNCFG_SECTION ".replaced"
#define MAX_NAME    128 /* the kernel's KSYM_NAME_LEN in its older form */

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(btf, t->name_off);

	return name ? name : "";
}

/* The config's struct behind a data section's entry, or NULL. */
static const struct btf_type *config_struct(const struct btf *btf,
					    const struct btf_var_secinfo *entry,
					    const char *var_name)
{
	const struct btf_type *t = btf__type_by_id(btf, entry->type);
	int id;

	if (!t || !btf_is_var(t) || strcmp(name_of(btf, t), var_name))
		return NULL;
	/* const and typedef, as libxdp; of bounded depth, unlike what malformed BTF may be */
	id = btf__resolve_type(btf, t->type);
	t = id < 0 ? NULL : btf__type_by_id(btf, id);
	return t && btf_is_struct(t) ? t : NULL;
}

/* The number in a __uint() member. */
static int member_value(const struct btf *btf, const struct btf_member *m, uint32_t *ret)
{
	const struct btf_type *t = btf__type_by_id(btf, m->type);

	if (!t || !btf_is_ptr(t))
		return -EINVAL;
	t = btf__type_by_id(btf, t->type);
	if (!t || !btf_is_array(t))
		return -EINVAL;
	*ret = btf_array(t)->nelems;
	return 0;
}

static int action_of(const char *member)
{
	if (strncmp(member, "XDP_", 4))
		return -ENOENT;
	for (unsigned int i = 0; i < POLICY_N_ACTIONS; i++)
		if (!strcmp(member + 4, policy_action__name(i)))
			return i;
	return -ENOENT;
}

static void read_members(const struct btf *btf, const struct btf_type *config, struct runcfg *ret)
{
	const struct btf_member *m = btf_members(config);

	for (int i = 0; i < btf_vlen(config); i++, m++) {
		const char *name = btf__name_by_offset(btf, m->name_off);
		uint32_t value;
		int action;

		if (!name || member_value(btf, m, &value))
			continue;
		action = action_of(name);
		if (!strcmp(name, "priority")) {
			ret->has_priority = true;
			ret->priority = value;
		} else if (action >= 0) {
			ret->has_actions = true;
			ret->actions &= ~(1U << action);
			ret->actions |= (value ? 1U : 0) << action;
		}
	}
}

int runcfg__read(const struct btf *btf, const char *program, struct runcfg *ret)
{
	const struct btf_type *section, *config;
	struct btf_var_secinfo *entry;
	char var_name[MAX_NAME + 1];
	int id;

	*ret = (struct runcfg){
		.priority = POLICY_DEFAULT_PRIORITY,
		.actions = POLICY_DEFAULT_ACTIONS,
	};
	id = btf__find_by_name_kind(btf, SECTION, BTF_KIND_DATASEC);
	if (id < 0)
		return -ENOENT;
	snprintf(var_name, sizeof(var_name), "_%s", program);
	section = btf__type_by_id(btf, id);
	entry = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++, entry++) {
		config = config_struct(btf, entry, var_name);
		if (!config)
			continue;
		read_members(btf, config, ret);
		return 0;
	}
	return -ENOENT;
}

struct policy_known runcfg__known(const struct runcfg *cfg)
{
	return (struct policy_known){
		.has = {
			[ATTR_PRIORITY] = cfg->has_priority,
			[ATTR_ACTIONS] = cfg->has_actions,
		},
		.value = {
			[ATTR_PRIORITY] = { .num = cfg->priority },
			[ATTR_ACTIONS] = { .num = cfg->actions },
		},
	};
}

bool runcfg__wish(enum policy_attr attr, uint32_t now, uint32_t told, uint32_t base,
		  struct policy_value *ret)
{
	uint32_t changed = now ^ told;

	if (!changed)
		return false;
	*ret = (struct policy_value){ .num = attr == ATTR_ACTIONS ?
						     (base & ~changed) | (now & changed) :
						     now };
	return true;
}

struct policy_known runcfg__wishes(const struct policy_value now[N_ATTRS],
				   const struct policy_value *told, const struct policy_known *btf)
{
	static const enum policy_attr attrs[] = { ATTR_PRIORITY, ATTR_ACTIONS };
	struct policy_known app = { 0 };

	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		enum policy_attr attr = attrs[i];
		uint32_t base =
			btf->has[attr] ? btf->value[attr].num : policy_value__default(attr).num;

		app.has[attr] = runcfg__wish(attr, now[attr].num, told ? told[attr].num : base,
					     base, &app.value[attr]);
	}
	return app;
}

/* A pointer to int[value]; returns its type id. */
static int add_value(struct btf *btf, int int_id, uint32_t value)
{
	int array = btf__add_array(btf, int_id, int_id, value);

	return array < 0 ? array : btf__add_ptr(btf, array);
}

/* struct { __uint(priority, ...); __uint(XDP_ABORTED, ...); ... } with every action stated. */
static int add_config(struct btf *btf, int int_id, const struct runcfg_override *override)
{
	int value[1 + POLICY_N_ACTIONS], config, err;
	char name[16] = "priority";
	uint32_t ptr_size = btf__pointer_size(btf);

	if (!ptr_size)
		ptr_size = sizeof(void *);
	value[0] = add_value(btf, int_id, override->priority);
	for (int i = 0; i < POLICY_N_ACTIONS; i++)
		value[1 + i] = add_value(btf, int_id, override->actions >> i & 1);
	for (int i = 0; i <= POLICY_N_ACTIONS; i++)
		if (value[i] < 0)
			return value[i];

	config = btf__add_struct(btf, NULL, (1 + POLICY_N_ACTIONS) * ptr_size);
	if (config < 0)
		return config;
	for (int i = 0; i <= POLICY_N_ACTIONS; i++) {
		if (i)
			snprintf(name, sizeof(name), "XDP_%s", policy_action__name(i - 1));
		err = btf__add_field(btf, name, value[i], i * ptr_size * 8, 0);
		if (err)
			return err;
	}
	return config;
}

static int add_variable(struct btf *btf, int int_id, const struct runcfg_override *override)
{
	char var_name[MAX_NAME + 1];
	int config = add_config(btf, int_id, override);

	if (config < 0)
		return config;
	snprintf(var_name, sizeof(var_name), "_%s", override->program);
	return btf__add_var(btf, var_name, BTF_VAR_GLOBAL_ALLOCATED, config);
}

static bool is_overridden(const struct btf *btf, const struct btf_var_secinfo *entry,
			  const struct runcfg_override *override, size_t n)
{
	const struct btf_type *var = btf__type_by_id(btf, entry->type);
	const char *name = var ? name_of(btf, var) : "";

	for (size_t i = 0; i < n; i++)
		if (*name == '_' && !strcmp(name + 1, override[i].program))
			return true;
	return false;
}

/*
 * libxdp takes the first section of that name, so the new one gets the old one's other entries and
 * the old one another name. Pointers into btf do not survive an addition: it is read from orig.
 */
static int replace_section(struct btf *btf, const struct btf *orig,
			   const struct runcfg_override *override, const int *var, size_t n)
{
	int old_id = btf__find_by_name_kind(orig, SECTION, BTF_KIND_DATASEC);
	uint32_t size = btf__pointer_size(orig), offset = 0;
	int err, name_off;

	if (old_id > 0) {
		name_off = btf__add_str(btf, OLD_SECTION);
		if (name_off < 0)
			return name_off;
		((struct btf_type *)btf__type_by_id(btf, old_id))->name_off = name_off;
	}
	size = (size ? size : sizeof(void *)) * (1 + POLICY_N_ACTIONS);
	err = btf__add_datasec(btf, SECTION, 0);
	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i++, offset += size) {
		err = btf__add_datasec_var_info(btf, var[i], offset, size);
		if (err)
			return err;
	}
	if (old_id > 0) {
		const struct btf_type *old = btf__type_by_id(orig, old_id);
		const struct btf_var_secinfo *entry = btf_var_secinfos(old);

		for (int i = 0; i < btf_vlen(old); i++, entry++) {
			if (is_overridden(orig, entry, override, n))
				continue;
			err = btf__add_datasec_var_info(btf, entry->type, offset, entry->size);
			if (err)
				return err;
			offset += entry->size;
		}
	}
	return 0;
}

static int add_overrides(struct btf *btf, const struct btf *orig,
			 const struct runcfg_override *override, size_t n)
{
	int int_id, var[n];

	int_id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	if (int_id < 0)
		return int_id;
	for (size_t i = 0; i < n; i++) {
		var[i] = add_variable(btf, int_id, &override[i]);
		if (var[i] < 0)
			return var[i];
	}
	return replace_section(btf, orig, override, var, n);
}

int runcfg__override(const struct btf *btf, const struct runcfg_override *override, size_t n,
		     struct btf **ret)
{
	struct btf *copy;
	const void *data;
	uint32_t size;
	int err;

	if (!n || n > 1024)
		return -EINVAL;
	data = btf__raw_data(btf, &size);
	if (!data)
		return -ENOMEM;
	copy = btf__new(data, size);
	err = libbpf_get_error(copy);
	if (err)
		return err;
	if (btf__pointer_size(btf))
		btf__set_pointer_size(copy, btf__pointer_size(btf));
	err = add_overrides(copy, btf, override, n);
	if (err) {
		btf__free(copy);
		return err;
	}
	*ret = copy;
	return 0;
}
