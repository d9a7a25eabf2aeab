// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The rtnetlink socket, and the only place that believes a length in what was received. Without a
 * library, since it is part of what is loaded into applications; libmnl compares lengths as signed
 * numbers, too.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util/netlink.h"

/*
 * The kernel makes a listing's datagrams for buffers of 32 KiB, unless one interface alone takes
 * more: with hundreds of alternative names, which are 64 KiB at most, as any attribute.
 */
#define BUFFER_SIZE (96 * 1024)

/* The kernel answers before the request's system call returns; the answer may be lost. */
#define ANSWER_MS 5000

/* Attempts at a listing in which nothing changes; of a host where that never is so, the last one is
 * taken. */
#define MAX_LISTINGS 10

/* The kernel's bound of error numbers. */
#define MAX_ERRNO 4095

struct netlink {
	int fd;
	uint32_t port, seq;
	char buf[BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static int bind_socket(struct netlink *nl, uint32_t groups)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = groups };
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	int on = 1;

	/* without these an error has no sentence, or the request before it; no reason to fail */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	/* a socket that is connected to the kernel refuses what others send to it; what they send
	 * to its groups still comes */
	if (bind(nl->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    connect(nl->fd, (const struct sockaddr *)&kernel, sizeof(kernel)) ||
	    getsockname(nl->fd, (struct sockaddr *)&addr, &len))
		return -errno;
	nl->port = addr.nl_pid;
	return 0;
}

int netlink__open(uint32_t groups, struct netlink **ret)
{
	struct netlink *nl = malloc(sizeof(*nl));
	int err;

	if (!nl)
		return -ENOMEM;
	nl->seq = 0;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	err = nl->fd < 0 ? -errno : bind_socket(nl, groups);
	if (err) {
		netlink__close(nl);
		return err;
	}
	*ret = nl;
	return 0;
}

void netlink__close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->fd >= 0)
		close(nl->fd);
	free(nl);
}

int netlink__fd(const struct netlink *nl)
{
	return nl->fd;
}

/*
 * The next piece of that length, which the header at its begin has, and what fills it up to whole
 * words; NULL if it is shorter than the header, or longer than what is left.
 */
static const void *step(struct netlink_part *part, size_t len, size_t header)
{
	const void *piece = part->data;
	size_t size;

	if (len < header || len > part->len)
		return NULL;
	/* no overflow: the length is that of what was received, at most */
	size = NLMSG_ALIGN(len);
	size = size < part->len ? size : part->len;
	part->data += size;
	part->len -= size;
	return piece;
}

_Static_assert(NLMSG_ALIGNTO == NLA_ALIGNTO, "messages and attributes are filled up alike");

const struct nlmsghdr *netlink__next(struct netlink_part *part)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)part->data;

	return part->len < sizeof(*nlh) ? NULL : step(part, nlh->nlmsg_len, sizeof(*nlh));
}

static bool is_whole(struct netlink_part part)
{
	while (netlink__next(&part))
		;
	return !part.len;
}

int netlink__receive(struct netlink *nl, struct netlink_part *ret)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = nl->buf, .iov_len = sizeof(nl->buf) };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	struct netlink_part part = { .data = nl->buf };
	ssize_t len = recvmsg(nl->fd, &msg, 0);

	if (len < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (msg.msg_namelen != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid)
		return -EPERM;
	part.len = (size_t)len;
	if (msg.msg_flags & MSG_TRUNC || !is_whole(part))
		return -EBADMSG;
	*ret = part;
	return 0;
}

int netlink__send(struct netlink *nl, struct nlmsghdr *nlh)
{
	nlh->nlmsg_seq = ++nl->seq;
	nlh->nlmsg_pid = nl->port;
	return send(nl->fd, nlh, nlh->nlmsg_len, 0) < 0 ? -errno : 0;
}

bool netlink__is_answer(const struct netlink *nl, const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_seq == nl->seq && nlh->nlmsg_pid == nl->port;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * As netlink__receive(), but waits for one; others' datagrams do not make it wait for longer. The
 * time may have passed while the process was stopped: what is there by then has not come too late.
 */
static int await(struct netlink *nl, uint64_t end, struct netlink_part *ret)
{
	struct pollfd pfd = { .fd = nl->fd, .events = POLLIN };
	uint64_t now;
	int err;

	for (;;) {
		err = netlink__receive(nl, ret);
		if (err != -EAGAIN && err != -EPERM)
			return err;
		now = now_ms();
		if (now >= end)
			return -ETIMEDOUT;
		/* whatever comes of it, what there is to receive tells */
		poll(&pfd, 1, (int)(end - now));
	}
}

static const struct nlmsghdr *find_answer(const struct netlink *nl, struct netlink_part *part)
{
	const struct nlmsghdr *nlh;

	while ((nlh = netlink__next(part)))
		if (netlink__is_answer(nl, nlh))
			return nlh;
	return NULL;
}

int netlink__request(struct netlink *nl, struct nlmsghdr *nlh, char why[NETLINK_WHY_SIZE],
		     const struct nlmsghdr **ret)
{
	uint64_t end = now_ms() + ANSWER_MS;
	const struct nlmsghdr *answer = NULL;
	struct netlink_part part;
	int err;

	if (why)
		*why = '\0';
	err = netlink__send(nl, nlh);
	while (!err && !answer) {
		err = await(nl, end, &part);
		if (!err)
			answer = find_answer(nl, &part);
	}
	if (!err && answer->nlmsg_type == NLMSG_ERROR) {
		err = netlink__error(answer, why);
		answer = NULL;
	}
	if (!err)
		*ret = answer;
	return err;
}

struct listing {
	char *data;
	size_t len, size;
	bool interrupted; /* it is mixed from two states */
};

static int keep(struct listing *list, const struct nlmsghdr *nlh)
{
	size_t len = NLMSG_ALIGN((size_t)nlh->nlmsg_len), size = list->size;
	char *data;

	while (size - list->len < len)
		size = size ? 2 * size : BUFFER_SIZE;
	if (size != list->size) {
		data = realloc(list->data, size);
		if (!data)
			return -ENOMEM;
		list->data = data;
		list->size = size;
	}
	memcpy(list->data + list->len, nlh, nlh->nlmsg_len);
	list->len += len;
	return 0;
}

static int receive_listing(struct netlink *nl, struct listing *list)
{
	const struct nlmsghdr *nlh;
	struct netlink_part part;
	int err;

	list->len = 0;
	list->interrupted = false;
	for (;;) {
		err = await(nl, now_ms() + ANSWER_MS, &part);
		while (!err && (nlh = find_answer(nl, &part))) {
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				list->interrupted = true;
			if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR)
				return netlink__error(nlh, NULL);
			err = keep(list, nlh);
		}
		if (err)
			return err;
	}
}

int netlink__dump(struct netlink *nl, int (*ask)(struct netlink *nl),
		  void (*fn)(void *ctx, const struct nlmsghdr *nlh), void *ctx)
{
	struct listing list = { .interrupted = true };
	const struct nlmsghdr *nlh;
	struct netlink_part all;
	int err = 0;

	for (unsigned int i = 0; !err && list.interrupted && i < MAX_LISTINGS; i++) {
		err = ask(nl);
		if (!err)
			err = receive_listing(nl, &list);
	}
	all = (struct netlink_part){ list.data, err ? 0 : list.len };
	while ((nlh = netlink__next(&all)))
		fn(ctx, nlh);
	free(list.data);
	return err;
}

/* The sentence is behind the error, or behind the request that a kernel sends back in full. */
static void find_sentence(const struct nlmsghdr *nlh, size_t header, char *why)
{
	const struct nlmsgerr *error = NLMSG_DATA(nlh);
	const struct nlattr *attr;
	struct netlink_part attrs;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (nlh->nlmsg_type == NLMSG_ERROR && !(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		if (error->msg.nlmsg_len < sizeof(error->msg) ||
		    error->msg.nlmsg_len > nlh->nlmsg_len)
			return;
		header += error->msg.nlmsg_len - sizeof(error->msg);
	}
	attrs = netlink__attrs(nlh, header);
	while ((attr = netlink__next_attr(&attrs)))
		if (netlink__type(attr) == NLMSGERR_ATTR_MSG)
			netlink__string(attr, why, NETLINK_WHY_SIZE);
}

int netlink__error(const struct nlmsghdr *nlh, char why[NETLINK_WHY_SIZE])
{
	size_t header = nlh->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(struct nlmsgerr);
	int error;

	if (nlh->nlmsg_len < NLMSG_LENGTH(header))
		return -EBADMSG;
	memcpy(&error, NLMSG_DATA(nlh), sizeof(error));
	if (error > 0 || error < -MAX_ERRNO)
		return -EBADMSG;
	if (why)
		find_sentence(nlh, header, why);
	return error;
}

struct netlink_part netlink__attrs(const struct nlmsghdr *nlh, size_t header)
{
	size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(header);

	if (nlh->nlmsg_len < start)
		return (struct netlink_part){ 0 };
	return (struct netlink_part){ (const char *)nlh + start, nlh->nlmsg_len - start };
}

const struct nlattr *netlink__next_attr(struct netlink_part *part)
{
	const struct nlattr *attr = (const struct nlattr *)part->data;

	return part->len < sizeof(*attr) ? NULL : step(part, attr->nla_len, sizeof(*attr));
}

unsigned int netlink__type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

struct netlink_part netlink__nested(const struct nlattr *attr)
{
	return (struct netlink_part){ (const char *)attr + NLA_HDRLEN, attr->nla_len - NLA_HDRLEN };
}

static bool get(const struct nlattr *attr, void *ret, size_t size)
{
	struct netlink_part data = netlink__nested(attr);

	if (data.len != size)
		return false;
	memcpy(ret, data.data, size);
	return true;
}

bool netlink__u8(const struct nlattr *attr, uint8_t *ret)
{
	return get(attr, ret, sizeof(*ret));
}

bool netlink__u32(const struct nlattr *attr, uint32_t *ret)
{
	return get(attr, ret, sizeof(*ret));
}

bool netlink__string(const struct nlattr *attr, char *ret, size_t size)
{
	struct netlink_part data = netlink__nested(attr);
	size_t len = strnlen(data.data, data.len);

	if (len == data.len || len >= size)
		return false;
	memcpy(ret, data.data, len + 1);
	return true;
}
