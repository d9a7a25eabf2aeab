// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * stream [-n LETTERS] FROM TO RATE [SECONDS]: sends RATE numbered, marked packets a second out of
 * interface FROM, receives on interface TO (the other end of a veth pair), for SECONDS or until
 * SIGINT or SIGTERM. Prints READY when it begins and one line at the end:
 *
 *	SENT n RECV n LOST n DROPS n NONE n PARTIAL n LATE n CHANGES n ORDER:n...
 *
 * LOST		not received, and not dropped by a full queue
 * DROPS	dropped by the receiving socket or by the veth's queue: says nothing of XDP
 * NONE		no program has seen them
 * PARTIAL	not LETTERS programs have
 * LATE		received after one with a higher number
 * CHANGES	how often the order was not that of the packet before
 */
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/vm/packet.h"

#define IDLE_MS	       1000 /* without a packet that is missing: longer than one is under way */
#define TICK_NS	       2000000
#define BATCH	       64 /* a veth's queue has 256 places */
#define RECEIVE_BUFFER (64 << 20)
#define BILLION	       1000000000ULL

struct numbered_frame {
	struct letters_frame f;
	__be32 number;
} __attribute__((packed));

struct stream {
	const char *from_name;
	int from, to;
	unsigned int letters, rate;
	uint64_t sent, refused; /* the sender's, read by others when it has ended */
	uint64_t none, partial, late, changes;
	uint32_t last_number;
	char last[ORDER_SLOTS + 1];
	struct letters seen;
};

static volatile sig_atomic_t stop;
static volatile bool sender_done;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * BILLION + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Sends at most BATCH; a burst after a pause would only overrun the veth's queue. */
static void send_batch(struct stream *s, unsigned int count)
{
	static struct numbered_frame frame[BATCH];
	static struct iovec iov[BATCH];
	static struct mmsghdr msg[BATCH];
	unsigned int i;
	int n;

	for (i = 0; i < count; i++) {
		frame[i].f = marked_frame(sizeof(frame[i].number));
		frame[i].number = htonl(s->sent + i);
		iov[i] = (struct iovec){ &frame[i], sizeof(frame[i]) };
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = sendmmsg(s->from, msg, count, 0);
	if (n > 0)
		s->sent += n;
	/* newer veths say so when their queue is full: such a packet was not sent */
	if (n < (int)count)
		s->refused += n >= 0 || errno == ENOBUFS;
	if (n < 0 && errno != EINTR && errno != ENOBUFS && errno != EAGAIN)
		fail("send");
}

/* A machine that is too slow gets fewer packets, not all of them later: that would slow it more. */
static void *sender(void *arg)
{
	struct timespec tick = { .tv_nsec = TICK_NS };
	struct stream *s = arg;
	uint64_t begin = now_ns(), skipped = 0, due;

	while (!stop) {
		due = (now_ns() - begin) * s->rate / BILLION - skipped;
		if (due > s->sent + BATCH) {
			skipped += due - s->sent - BATCH;
			due = s->sent + BATCH;
		}
		if (due > s->sent)
			send_batch(s, due - s->sent);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
	}
	sender_done = true;
	return NULL;
}

static void add(struct stream *s, const void *data, size_t size)
{
	char name[ORDER_SLOTS + 1];
	struct numbered_frame frame;
	uint32_t number;

	if (size < sizeof(frame) || !letters_read(data, size, name))
		return;
	memcpy(&frame, data, sizeof(frame));
	number = ntohl(frame.number);
	if (s->seen.packets && number <= s->last_number)
		s->late++;
	else
		s->last_number = number;
	if (strcmp(name, "NONE") == 0)
		s->none++;
	else if (s->letters && strlen(name) != s->letters)
		s->partial++;
	if (s->seen.packets && strcmp(name, s->last) != 0)
		s->changes++;
	strcpy(s->last, name);
	letters_add(&s->seen, data, size);
}

static int receive_batch(struct stream *s)
{
	static char data[BATCH][256];
	static struct iovec iov[BATCH];
	static struct mmsghdr msg[BATCH];
	int i, n;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ data[i], sizeof(data[i]) };
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(s->to, msg, BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < n; i++)
		add(s, data[i], msg[i].msg_len);
	return n;
}

/* Until the sender has ended and everything is there, or nothing comes any more. */
static void receive(struct stream *s, uint64_t end)
{
	struct pollfd p = { .fd = s->to, .events = POLLIN };
	bool done;

	for (;;) {
		if (end && now_ns() >= end)
			stop = 1;
		done = sender_done;
		if (done && s->seen.packets >= s->sent)
			return;
		if (poll(&p, 1, done ? IDLE_MS : 20) > 0)
			receive_batch(s);
		else if (done)
			return;
	}
}

static uint64_t queue_drops(const struct stream *s)
{
	unsigned long long drops = 0;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/tx_dropped", s->from_name);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &drops) != 1)
		drops = 0;
	if (f)
		fclose(f);
	return drops;
}

static uint64_t socket_drops(const struct stream *s)
{
	struct tpacket_stats stats = { 0 };
	socklen_t size = sizeof(stats);

	getsockopt(s->to, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
	return stats.tp_drops;
}

static void print(const struct stream *s, uint64_t drops)
{
	printf("SENT %llu RECV %u LOST %lld DROPS %llu NONE %llu PARTIAL %llu LATE %llu CHANGES "
	       "%llu",
	       (unsigned long long)s->sent, s->seen.packets,
	       (long long)(s->sent - s->seen.packets - drops), (unsigned long long)drops,
	       (unsigned long long)s->none, (unsigned long long)s->partial,
	       (unsigned long long)s->late, (unsigned long long)s->changes);
	for (unsigned int i = 0; i < s->seen.orders; i++)
		printf(" %s:%u", s->seen.order[i].name, s->seen.order[i].packets);
	putchar('\n');
	fflush(stdout);
}

static void stop_on_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* On one processor, so that packets of skb mode do not overtake each other. */
static void pin(pthread_t thread)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	pthread_setaffinity_np(thread, sizeof(cpus), &cpus);
}

static void open_sockets(struct stream *s, const char *to)
{
	int size = RECEIVE_BUFFER;

	s->to = packet_socket(to, ETH_P_IP);
	s->from = packet_socket(s->from_name, 0);
	if (setsockopt(s->to, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		fail("receive buffer");
}

int main(int argc, char **argv)
{
	struct stream s = { 0 };
	uint64_t seconds = 0, drops;
	pthread_t thread;
	int c;

	while ((c = getopt(argc, argv, "n:")) == 'n')
		s.letters = atoi(optarg);
	if (c != -1 || argc - optind < 3 || argc - optind > 4 || atoi(argv[optind + 2]) <= 0) {
		fprintf(stderr, "usage: stream [-n LETTERS] FROM TO RATE [SECONDS]\n");
		return 2;
	}
	s.from_name = argv[optind];
	s.rate = atoi(argv[optind + 2]);
	if (argc - optind == 4)
		seconds = atoi(argv[optind + 3]);
	open_sockets(&s, argv[optind + 1]);
	stop_on_signals();
	drops = queue_drops(&s);
	socket_drops(&s); /* reading resets it */
	puts("READY");
	fflush(stdout);

	if ((errno = pthread_create(&thread, NULL, sender, &s)))
		fail("thread");
	pin(thread);
	receive(&s, seconds ? now_ns() + seconds * BILLION : 0);
	pthread_join(thread, NULL);
	/* only what was taken for sent */
	drops = queue_drops(&s) - drops;
	drops = drops > s.refused ? drops - s.refused : 0;
	print(&s, drops + socket_drops(&s));
	return 0;
}
