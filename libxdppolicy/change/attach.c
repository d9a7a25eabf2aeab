// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The attaching itself. The kernel has few numbers for many reasons: EEXIST is another writer, a
 * program on an interface above, and one in the other mode. What the interface has after the
 * refusal tells the first from the others, and the kernel's own sentence tells those.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "change/attach.h"
#include "chain/links.h"
#include "util/ifinfo.h"
#include "util/layers.h"

/* Some drivers say so; it has no name outside of the kernel. */
#define KERNEL_ENOTSUPP 524

/* What is done about a refusal, if the interface still has what it had; xdp-policy(8) has it, too.
 */
static const struct answer {
	int err;
	bool native_only;  /* skb mode may do */
	const char *words; /* where the kernel has no sentence */
} answers[] = {
	{ EOPNOTSUPP, true, "the driver has no such mode" },
	{ KERNEL_ENOTSUPP, true, "the driver has no such mode" },
	{ ERANGE, true, "the MTU is too large for it" },
	{ EINVAL, true, "the driver cannot take it as it is set up" },
	{ ENOSPC, true, "the driver has not enough queues for it" },
	{ EEXIST, false, "an interface above has a program, or this one in the other mode" },
	{ EBUSY, false, "the interface belongs to a bpf_link, or has a program in the other mode" },
	{ ENODEV, false, "the interface is gone" },
	{ EPERM, false, "this needs CAP_NET_ADMIN in the interface's network namespace" },
	{ ENOMEM, false, "the kernel has not enough memory" },
};

static const struct answer *find_answer(int err)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].err == -err)
			return &answers[i];
	return NULL;
}

static const char *words_of(int err, const char *sentence)
{
	const struct answer *answer = find_answer(err);

	return *sentence ? sentence : answer ? answer->words : strerror(-err);
}

static uint32_t mode_flags(const char *mode)
{
	if (!mode) /* what the driver can */
		return 0;
	return strcmp(mode, "skb") ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

static int set(const struct attach *a, const char *mode, char sentence[NETLINK_WHY_SIZE])
{
	uint32_t flags =
		mode_flags(mode) | (a->old_id ? XDP_FLAGS_REPLACE : XDP_FLAGS_UPDATE_IF_NOEXIST);
	int old_fd = -1, err;

	*sentence = '\0';
	if (a->old_id) {
		old_fd = bpf_prog_get_fd_by_id(a->old_id);
		if (old_fd < 0)
			return -EAGAIN;
	}
	err = ifinfo__set_xdp(a->ifindex, a->fd, flags, old_fd, sentence);
	if (a->old_id)
		close(old_fd);
	return err;
}

static int set_where_possible(const struct attach *a, char remark[CHAIN_WHY_SIZE],
			      char sentence[NETLINK_WHY_SIZE])
{
	int err = set(a, a->mode, sentence);
	const struct answer *answer = find_answer(err);
	char native[NETLINK_WHY_SIZE];

	if (a->mode || a->old_id || !answer || !answer->native_only)
		return err;
	snprintf(native, sizeof(native), "%s", words_of(err, sentence));
	err = set(a, "skb", sentence);
	if (!err)
		snprintf(remark, CHAIN_WHY_SIZE, "in mode skb, since native is refused: %s",
			 native);
	return err;
}

static int explain_above(const struct attach *a, const char *words, char why[CHAIN_WHY_SIZE])
{
	const char *above = NULL;
	struct layers layers;

	if (layers__list(&layers))
		layers = (struct layers){ 0 };
	else
		above = layers__program_above(&layers, a->ifindex);
	snprintf(why, CHAIN_WHY_SIZE, "the kernel refuses it: %s%s%s%s", words, above ? " (" : "",
		 above ? above : "", above ? ")" : "");
	layers__free(&layers);
	return -EEXIST;
}

int chain__attach(const struct attach *attach, char remark[CHAIN_WHY_SIZE],
		  char why[CHAIN_WHY_SIZE])
{
	struct chain now = { 0 };
	char sentence[NETLINK_WHY_SIZE];
	int err, query_err;

	*remark = '\0';
	err = set_where_possible(attach, remark, sentence);
	if (!err || err == -EAGAIN)
		return err;
	query_err = chain__query(attach->ifindex, &now);
	/* the answer may get lost: what is attached then must not be cleaned up */
	if ((!query_err || (query_err == -ENODEV && !attach->new_id)) && now.id == attach->new_id)
		return 0;
	if (!query_err && now.id != attach->old_id)
		return -EAGAIN;
	if (err == -EEXIST)
		return explain_above(attach, words_of(err, sentence), why);
	if (err == -EBUSY && links__holder(attach->ifindex, attach->old_id))
		snprintf(why, CHAIN_WHY_SIZE, "a bpf_link holds the interface");
	else
		snprintf(why, CHAIN_WHY_SIZE, "the kernel refuses it: %s", words_of(err, sentence));
	return err;
}
