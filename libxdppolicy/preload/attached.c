// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "attached.h"
#include "chain/record.h"
#include "object.h"
#include "state.h"

#define N_IDS(attached) (sizeof((attached)->id) / sizeof((attached)->id[0]))

static void write_record(struct attached *attached, const struct proginfo *info,
			 struct policy_subject *subject, const struct policy_value *told)
{
	const struct record_attach record = {
		.info = info,
		.subject = subject,
		.has_told = told,
		.told = told,
	};

	if (attached->n == N_IDS(attached))
		return;
	state__describe_all(subject);
	if (!subject->value[COND_PROGRAM])
		subject->value[COND_PROGRAM] = info->name;
	if (!record__write(&record))
		attached->id[attached->n++] = info->id;
}

void attached__add(struct attached *attached, int fd, struct policy_subject *subject,
		   const struct policy_value *told)
{
	struct proginfo info;

	if (fd >= 0 && !proginfo__read_short(fd, &info))
		write_record(attached, &info, subject, told);
}

static void add_program(struct attached *attached, const struct bpf_object *obj,
			const struct bpf_program *prog)
{
	struct policy_subject subject = { .app.unknown = true };
	struct policy_value told[N_ATTRS] = { 0 };
	struct runcfg cfg;

	object__describe(obj, prog, &subject);
	subject.value[COND_OBJECT] = object__path(obj);
	object__describe_author(obj, &subject);
	object__told(obj, subject.value[COND_PROGRAM], &cfg);
	told[ATTR_PRIORITY].num = cfg.priority;
	told[ATTR_ACTIONS].num = cfg.actions;
	attached__add(attached, bpf_program__fd(prog), &subject, told);
}

static void add_object(const struct bpf_object *obj, void *ctx)
{
	const struct bpf_program *prog = NULL;

	if (object__is_dispatcher(obj))
		return;
	while ((prog = bpf_object__next_program(obj, (struct bpf_program *)prog)))
		if (object__is_xdp(prog) && bpf_program__fd(prog) >= 0)
			add_program(ctx, obj, prog);
}

void attached__add_static(struct attached *attached, int fd)
{
	struct policy_subject subject = { .app.unknown = true, .btf.unknown = true };
	struct proginfo info;

	object__for_each(add_object, attached);
	/* its own record is there already if it is one of those */
	if (proginfo__read_short(fd, &info) || !strcmp(info.name, "xdp_dispatcher"))
		return;
	proginfo__read_btf(fd, &info);
	write_record(attached, &info, &subject, NULL);
}

void attached__take_back(const struct attached *attached)
{
	for (unsigned int i = 0; i < attached->n; i++)
		record__remove(attached->id[i]);
}
