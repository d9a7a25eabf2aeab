// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * watch-xdp [-w] IFACE COMMAND...: runs a command and tells when, since its start, the interface's
 * XDP program was another, and when the command ended, in microseconds:
 *
 *	FIRST us LAST us EXIT us CHANGES n STATUS n
 *
 * With -w it waits for a change after the command's end: somebody else makes it.
 *
 * watch-xdp -e IFACE: prints READY and then a line "us ID" for each such change, until killed. The
 * kernel tells nothing of programs that are attached by a bpf_link.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECEIVE_BUFFER (1 << 20)
#define WAIT_US	       10000000 /* for a change that somebody else makes */

struct watch {
	int fd, ifindex;
	bool events, wait;
	uint64_t begin, first, last;
	unsigned int changes;
	uint32_t id;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "watch-xdp: %s: %s\n", what, strerror(errno));
	exit(2);
}

static const struct rtattr *find(const struct rtattr *attr, int size, unsigned short type)
{
	for (; RTA_OK(attr, size); attr = RTA_NEXT(attr, size))
		if ((attr->rta_type & NLA_TYPE_MASK) == type)
			return attr;
	return NULL;
}

/* The id in a message about the interface; false if it does not tell. 0 is no program. */
static bool read_id(const struct watch *w, const struct nlmsghdr *msg, uint32_t *ret)
{
	const struct ifinfomsg *info = NLMSG_DATA(msg);
	const struct rtattr *xdp, *id;

	if (msg->nlmsg_type != RTM_NEWLINK || info->ifi_index != w->ifindex)
		return false;
	xdp = find(IFLA_RTA(info), IFLA_PAYLOAD(msg), IFLA_XDP);
	if (!xdp)
		return false;
	id = find(RTA_DATA(xdp), RTA_PAYLOAD(xdp), IFLA_XDP_PROG_ID);
	*ret = 0;
	if (id)
		memcpy(ret, RTA_DATA(id), sizeof(*ret));
	return true;
}

static void add(struct watch *w, uint32_t id)
{
	uint64_t now = now_us();

	if (id == w->id)
		return;
	w->id = id;
	if (!w->changes++)
		w->first = now;
	w->last = now;
	if (w->events) {
		printf("%llu %u\n", (unsigned long long)now, id);
		fflush(stdout);
	}
}

static void receive(struct watch *w)
{
	static char data[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *msg;
	ssize_t size;
	uint32_t id;

	while ((size = recv(w->fd, data, sizeof(data), MSG_DONTWAIT)) > 0)
		for (msg = (void *)data; NLMSG_OK(msg, (size_t)size); msg = NLMSG_NEXT(msg, size))
			if (read_id(w, msg, &id))
				add(w, id);
	if (size < 0 && errno != EAGAIN && errno != EINTR)
		fail("receive");
}

static void open_socket(struct watch *w)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int size = RECEIVE_BUFFER;

	w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (w->fd < 0 || bind(w->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		fail("rtnetlink");
	setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

/* What is attached now, so that only changes count. */
static void ask(struct watch *w)
{
	struct {
		struct nlmsghdr msg;
		struct ifinfomsg info;
	} ask = {
		.msg = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.info = { .ifi_index = w->ifindex },
	};
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	w->id = UINT32_MAX;
	if (send(w->fd, &ask, sizeof(ask), 0) < 0)
		fail("rtnetlink");
	while (w->id == UINT32_MAX && poll(&p, 1, 5000) > 0)
		receive(w);
	w->changes = 0;
}

static pid_t start(char **argv, int *pidfd)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		fprintf(stderr, "watch-xdp: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	*pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (*pidfd < 0)
		fail("pidfd_open");
	return pid;
}

static int run(struct watch *w, char **argv)
{
	struct pollfd p[2] = { { .fd = w->fd, .events = POLLIN }, { .events = POLLIN } };
	uint64_t end;
	pid_t pid;
	int status;

	w->begin = now_us();
	pid = start(argv, &p[1].fd);
	while (!p[1].revents) {
		poll(p, 2, -1);
		if (p[0].revents)
			receive(w);
	}
	end = now_us();
	receive(w);
	while (w->wait && !w->changes && now_us() < end + WAIT_US)
		if (poll(p, 1, 100) > 0)
			receive(w);
	waitpid(pid, &status, 0);
	printf("FIRST %llu LAST %llu EXIT %llu CHANGES %u STATUS %d\n",
	       (unsigned long long)(w->changes ? w->first - w->begin : 0),
	       (unsigned long long)(w->changes ? w->last - w->begin : 0),
	       (unsigned long long)(end - w->begin), w->changes,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

__attribute__((noreturn)) static void tell_events(struct watch *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	w->events = true;
	puts("READY");
	fflush(stdout);
	for (;;)
		if (poll(&p, 1, -1) > 0)
			receive(w);
}

int main(int argc, char **argv)
{
	struct watch w = { 0 };
	bool events = false;
	int c;

	while ((c = getopt(argc, argv, "+ew")) != -1) {
		events = events || c == 'e';
		w.wait = w.wait || c == 'w';
		if (c == '?')
			return 2;
	}
	if (argc - optind < 1 || (argc - optind == 1) != events) {
		fprintf(stderr, "usage: watch-xdp [-w] IFACE COMMAND...\n"
				"       watch-xdp -e IFACE\n");
		return 2;
	}
	w.ifindex = if_nametoindex(argv[optind]);
	if (!w.ifindex)
		fail(argv[optind]);
	open_socket(&w);
	ask(&w);
	if (events)
		tell_events(&w);
	return run(&w, argv + optind + 1);
}
