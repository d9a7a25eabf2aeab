// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An application that uses libxdp in situations that are not kind to a preload. Its arguments are
 * done one after the other; what they find is one line on standard output.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <xdp/libxdp.h>

/* What libbpf's print callback does, once, in place of printing; NULL: nothing. */
static void (*on_print)(void);

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	void (*fn)(void) = on_print;

	(void)level;
	(void)format;
	(void)args;
	on_print = NULL;
	if (fn)
		fn();
	return 0;
}

static const char *const *before_word(void)
{
	static const char *const blank[] = { "", " " };
	static int n;

	return &blank[n++ ? 1 : 0];
}

#define say(...) (printf("%s", *before_word()), printf(__VA_ARGS__), fflush(stdout))

/* open FILE: its priority */
static void do_open(char **args)
{
	struct xdp_program *prog = xdp_program__open_file(args[0], "xdp", NULL);

	if (libxdp_get_error(prog)) {
		say("error %ld", libxdp_get_error(prog));
		return;
	}
	say("%u", xdp_program__run_prio(prog));
	xdp_program__close(prog);
}

/* deep FILE: the same, far down on a stack that is not written to */
static void do_deep(char **args)
{
	char *unused = alloca(16384);

	do_open(args);
	unused[0] = **args;
}

/* Says what attaching it returns, and puts it away. */
static void try_attach(struct xdp_program *prog, const char *interface)
{
	int ifindex = (int)if_nametoindex(interface), err;

	if (libxdp_get_error(prog)) {
		say("error %ld", libxdp_get_error(prog));
		return;
	}
	err = xdp_program__attach(prog, ifindex, XDP_MODE_SKB, 0);
	say("%d", err);
	if (!err)
		xdp_program__detach(prog, ifindex, XDP_MODE_SKB, 0);
	xdp_program__close(prog);
}

/* attach FILE INTERFACE: what that returns */
static void do_attach(char **args)
{
	try_attach(xdp_program__open_file(args[0], "xdp", NULL), args[1]);
}

static jmp_buf left;

static void leave(void)
{
	longjmp(left, 1);
}

/* jump STEP FILE INTERFACE: longjmp(3) out of the first message of that step */
static void do_jump(char **args)
{
	on_print = leave;
	if (setjmp(left))
		say("left");
	else if (!strcmp(args[0], "attach"))
		do_attach(args + 1);
	else
		do_open(args + 1);
}

static void cancel_self(void)
{
	pthread_cancel(pthread_self());
	pthread_testcancel();
}

static void (*in_attach)(void);

static void *attach_in_thread(void *args)
{
	char **arg = args;
	struct xdp_program *prog = xdp_program__open_file(arg[0], "xdp", NULL);

	on_print = in_attach;
	if (!libxdp_get_error(prog))
		xdp_program__attach(prog, if_nametoindex(arg[1]), XDP_MODE_SKB, 0);
	pthread_testcancel();
	return NULL;
}

static void exit_self(void)
{
	pthread_exit((void *)left);
}

/* end HOW FILE INTERFACE: attaches in a thread that ends meanwhile: is cancelled, or exits */
static void do_end(char **args)
{
	pthread_t ending;
	void *result;

	in_attach = !strcmp(args[0], "exit") ? exit_self : cancel_self;
	pthread_create(&ending, NULL, attach_in_thread, args + 1);
	pthread_join(ending, &result);
	say("%s", result == PTHREAD_CANCELED ? "cancelled" : result ? "left" : "not ended");
}

static ucontext_t here, there;
static char **there_args;

static void switch_back(void)
{
	swapcontext(&there, &here);
}

static void open_there(void)
{
	on_print = switch_back;
	do_open(there_args);
}

/* coroutine BAD FILE: opens FILE while another coroutine is inside of opening BAD, and later */
static void do_coroutine(char **args)
{
	static char stack[256 << 10];

	there_args = args;
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	there.uc_link = &here;
	makecontext(&there, open_there, 0);
	swapcontext(&here, &there);
	do_open(args + 1);
	swapcontext(&here, &there);
	do_open(args + 1);
}

/* env NAME */
static void do_env(char **args)
{
	const char *value = getenv(args[0]);

	say("%s", value ? value : "-");
}

/* The one program of an object, loaded; < 0 if there is none. The object stays open. */
static int load(const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_program *prog = obj ? bpf_object__next_program(obj, NULL) : NULL;

	if (!prog)
		return -1;
	bpf_program__set_type(prog, BPF_PROG_TYPE_XDP);
	return bpf_object__load(obj) ? -1 : bpf_program__fd(prog);
}

/* cancellable: whether this thread can be cancelled */
static void do_cancellable(char **args)
{
	int state;

	(void)args;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	say("%s be cancelled", state == PTHREAD_CANCEL_ENABLE ? "can" : "cannot");
}

static char **meanwhile_args;

static void show_meanwhile(void)
{
	do_env(meanwhile_args);
}

/* meanwhile FILE INTERFACE NAME: env NAME in the first callback of an attach; -: leave it there */
static void do_meanwhile(char **args)
{
	struct xdp_program *prog = xdp_program__open_file(args[0], "xdp", NULL);

	meanwhile_args = args + 2;
	on_print = strcmp(args[2], "-") != 0 ? show_meanwhile : leave;
	if (setjmp(left))
		say("left");
	else if (!libxdp_get_error(prog))
		xdp_program__attach(prog, if_nametoindex(args[1]), XDP_MODE_SKB, 0);
}

/* link FILE INTERFACE: by a link, which is closed again */
static void do_link(char **args)
{
	int link = bpf_link_create(load(args[0]), if_nametoindex(args[1]), BPF_XDP, NULL);

	say("%d", link < 0 ? link : 0);
	if (link >= 0)
		close(link);
}

/* attach-xdp FILE INTERFACE: by libbpf's own function for that */
static void do_attach_xdp(char **args)
{
	struct bpf_object *obj = bpf_object__open_file(args[0], NULL);
	struct bpf_program *prog = bpf_object__next_program(obj, NULL);
	struct bpf_link *link;

	bpf_program__set_type(prog, BPF_PROG_TYPE_XDP);
	bpf_object__load(obj);
	link = bpf_program__attach_xdp(prog, if_nametoindex(args[1]));
	say("%ld", libbpf_get_error(link));
	if (!libbpf_get_error(link))
		bpf_link__destroy(link);
	bpf_object__close(obj);
}

/* update FILE OTHER INTERFACE: a link of FILE gets OTHER */
static void do_update(char **args)
{
	int link = bpf_link_create(load(args[0]), if_nametoindex(args[2]), BPF_XDP, NULL);

	say("%d", link < 0 ? link : bpf_link_update(link, load(args[1]), NULL));
	if (link >= 0)
		close(link);
}

static pthread_t thread;

static void *open_in_thread(void *file)
{
	struct xdp_program *prog = xdp_program__open_file(file, "xdp", NULL);

	if (!libxdp_get_error(prog))
		xdp_program__close(prog);
	return NULL;
}

/* slow FILE: another thread opens FILE, and is in the plug-in slow.c from now on */
static void do_slow(char **args)
{
	pthread_create(&thread, NULL, open_in_thread, args[0]);
	while (access("/run/slow.in", F_OK))
		usleep(1000);
}

/* release: it goes on, and is waited for */
static void do_release(char **args)
{
	(void)args;
	close(open("/run/slow.out", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	pthread_join(thread, NULL);
}

/* many FILE INTERFACE: attaches 20 times, and whether that took less than 10 seconds */
static void do_many(char **args)
{
	struct xdp_program *prog = xdp_program__open_file(args[0], "xdp", NULL);
	int ifindex = if_nametoindex(args[1]), refused = 0;
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < 20; i++)
		refused += xdp_program__attach(prog, ifindex, XDP_MODE_SKB, 0) == -EACCES;
	clock_gettime(CLOCK_MONOTONIC, &end);
	say("%d refused %s", refused, end.tv_sec - start.tv_sec < 10 ? "soon" : "late");
}

/* child FILE INTERFACE: attach in one that _Fork(3) makes, whose locks stay as they are */
static void do_child(char **args)
{
	pid_t pid;

	fflush(stdout);
	pid = _Fork();
	if (!pid) {
		alarm(60);
		do_attach(args);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static int log_fd;

/* log: what is sent to the system log from now on */
static void do_log(char **args)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };

	(void)args;
	unlink(addr.sun_path);
	log_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(log_fd, (struct sockaddr *)&addr, sizeof(addr)))
		say("log: %m");
}

/* show: those lines, each in its own */
static void do_show(char **args)
{
	char line[1000];
	ssize_t len;

	(void)args;
	while ((len = recv(log_fd, line, sizeof(line) - 1, MSG_DONTWAIT)) > 0)
		printf("\n%.*s", (int)len, line);
}

/* locale: as the environment says */
static void do_locale(char **args)
{
	(void)args;
	if (!setlocale(LC_ALL, ""))
		say("no such locale");
}

/* chroot DIR */
static void do_chroot(char **args)
{
	if (chroot(args[0]) || chdir("/"))
		say("chroot: %m");
}

/* setns FILE: another mount namespace */
static void do_setns(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNS))
		say("setns: %m");
	close(fd);
}

/* unlink FILE */
static void do_unlink(char **args)
{
	if (unlink(args[0]))
		say("unlink: %m");
}

/* rmdir DIR */
static void do_rmdir(char **args)
{
	if (rmdir(args[0]))
		say("rmdir: %m");
}

/* rename FILE TO */
static void do_rename(char **args)
{
	if (rename(args[0], args[1]))
		say("rename: %m");
}

/* limit NUMBER VALUE: of setrlimit(2) */
static void do_limit(char **args)
{
	struct rlimit limit = { .rlim_cur = atol(args[1]), .rlim_max = atol(args[1]) };

	if (setrlimit(atoi(args[0]), &limit))
		say("setrlimit: %m");
}

/* link-mem FILE INTERFACE: as link, of an object that is opened from memory */
static void do_link_mem(char **args)
{
	static char text[1 << 20];
	int fd = open(args[0], O_RDONLY | O_CLOEXEC), link;
	ssize_t len = read(fd, text, sizeof(text));
	struct bpf_object *obj = len > 0 ? bpf_object__open_mem(text, len, NULL) : NULL;
	struct bpf_program *prog = obj ? bpf_object__next_program(obj, NULL) : NULL;

	close(fd);
	if (prog)
		bpf_program__set_type(prog, BPF_PROG_TYPE_XDP);
	if (!prog || bpf_object__load(obj)) {
		say("load: %m");
		return;
	}
	link = bpf_link_create(bpf_program__fd(prog), if_nametoindex(args[1]), BPF_XDP, NULL);
	say("%d", link < 0 ? link : 0);
	if (link >= 0)
		close(link);
}

/* direct FILE INTERFACE: by libbpf without libxdp, in skb mode */
static void do_direct(char **args)
{
	int ifindex = if_nametoindex(args[1]);
	int err = bpf_xdp_attach(ifindex, load(args[0]), XDP_FLAGS_SKB_MODE, NULL);

	say("%d", err);
	if (!err)
		bpf_xdp_detach(ifindex, XDP_FLAGS_SKB_MODE, NULL);
}

/* link-skb FILE INTERFACE: as link, in skb mode */
static void do_link_skb(char **args)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	int link = bpf_link_create(load(args[0]), if_nametoindex(args[1]), BPF_XDP, &opts);

	say("%d", link < 0 ? link : 0);
	if (link >= 0)
		close(link);
}

/* attach-fd FILE INTERFACE: by a shared libxdp that is given a descriptor */
/* number FILE INTERFACE: opened by its descriptor, whose number another file has by the attach */
static void do_number(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC),
	    other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct xdp_program *prog;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	prog = xdp_program__open_file(path, "xdp", NULL);
	dup2(other, fd);
	close(other);
	try_attach(prog, args[1]);
	close(fd);
}

static void do_attach_fd(char **args)
{
	try_attach(xdp_program__from_fd(load(args[0])), args[1]);
}

static int kept, next;

/* keep FILE OTHER INTERFACE: a link of FILE, and OTHER loaded */
static void do_keep(char **args)
{
	kept = bpf_link_create(load(args[0]), if_nametoindex(args[2]), BPF_XDP, NULL);
	next = load(args[1]);
	say("%d", kept < 0 ? kept : 0);
}

/* swap: the link gets the other */
static void do_swap(char **args)
{
	(void)args;
	say("%d", bpf_link_update(kept, next, NULL));
}

/* tick: until the kernel's coarse clock has moved on */
static void do_tick(char **args)
{
	struct timespec start, now;

	(void)args;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &start);
	do
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	while (now.tv_sec == start.tv_sec && now.tv_nsec == start.tv_nsec);
}

/* From now on a system call with that first argument fails. */
static void refuse(unsigned int call, unsigned int arg, unsigned int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arg, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		say("seccomp: %m");
}

/* no-netlink: as with RestrictAddressFamilies= without AF_NETLINK */
static void do_no_netlink(char **args)
{
	(void)args;
	refuse(SYS_socket, AF_NETLINK, EAFNOSUPPORT);
}

/* no-info: the kernel tells nothing of programs, maps and links, as in a sandbox */
static void do_no_info(char **args)
{
	(void)args;
	refuse(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, EPERM);
}

/* no-inet: as with RestrictAddressFamilies= with AF_UNIX alone */
static void do_no_inet(char **args)
{
	(void)args;
	refuse(SYS_socket, AF_INET, EAFNOSUPPORT);
	refuse(SYS_socket, AF_INET6, EAFNOSUPPORT);
	refuse(SYS_socket, AF_NETLINK, EAFNOSUPPORT);
}

/* hide DIR: an empty directory is in its place */
static void do_hide(char **args)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", args[0], "tmpfs", 0, NULL))
		say("hide: %m");
}

/* newnet: another network namespace */
static void do_newnet(char **args)
{
	(void)args;
	if (unshare(CLONE_NEWNET))
		say("unshare: %m");
}

static int taken[64];

/* full: no descriptor is free any more */
static void do_full(char **args)
{
	struct rlimit limit;

	(void)args;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = sizeof(taken) / sizeof(taken[0]);
	setrlimit(RLIMIT_NOFILE, &limit);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		taken[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* free: all are again */
static void do_free(char **args)
{
	(void)args;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (taken[i] >= 0)
			close(taken[i]);
}

/* scarce: a call that is hooked, while there is memory for little things and for no library */
static void do_scarce(char **args)
{
	struct rlimit limit, scarce;
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	(void)args;
	if (!f || fscanf(f, "%lu", &pages) != 1)
		say("statm: %m");
	if (f)
		fclose(f);
	getrlimit(RLIMIT_AS, &limit);
	scarce = limit;
	scarce.rlim_cur = pages * sysconf(_SC_PAGESIZE) + 16384;
	setrlimit(RLIMIT_AS, &scarce);
	bpf_object__open_file("/nonexistent", NULL);
	setrlimit(RLIMIT_AS, &limit);
}

struct block {
	struct block *next;
};

/* All the memory that there is, in pieces that are as large as can be. */
static struct block *take_all(void)
{
	struct block *all = NULL, *block;

	for (size_t size = 1 << 20; size >= sizeof(*block); size /= 2)
		while ((block = malloc(size))) {
			block->next = all;
			all = block;
		}
	return all;
}

static void give_back(struct block *all)
{
	struct block *next;

	for (; all; all = next) {
		next = all->next;
		free(all);
	}
}

struct starving {
	struct xdp_program *prog; /* NULL: a link of fd */
	int fd, ifindex, answer;
	bool takes_all;
};

static void *attach_starving(void *ctx)
{
	struct starving *s = ctx;
	struct block *all = NULL;
	struct rlimit limit, none;

	getrlimit(RLIMIT_AS, &limit);
	none = limit;
	none.rlim_cur = 0;
	if (s->takes_all) {
		setrlimit(RLIMIT_AS, &none);
		all = take_all();
	}
	if (s->prog)
		s->answer = xdp_program__attach(s->prog, s->ifindex, XDP_MODE_SKB, 0);
	else
		s->answer = bpf_link_create(s->fd, s->ifindex, BPF_XDP, NULL);
	setrlimit(RLIMIT_AS, &limit);
	give_back(all);
	return NULL;
}

/*
 * starved HOW FILE INTERFACE: attach, by libxdp, or a link, in a thread that has no memory at its
 * first call, and in one that has
 */
static void do_starved(char **args)
{
	bool is_link = !strcmp(args[0], "link");
	struct starving s = {
		.prog = is_link ? NULL : xdp_program__open_file(args[1], "xdp", NULL),
		.fd = is_link ? load(args[1]) : -1,
		.ifindex = if_nametoindex(args[2]),
	};

	for (int i = 0; i < 2; i++) {
		s.takes_all = !i;
		do_tick(NULL); /* the policy is looked at once in each */
		pthread_create(&thread, NULL, attach_starving, &s);
		pthread_join(thread, NULL);
		say("%d", s.answer < 0 ? s.answer : 0);
		if (is_link && s.answer >= 0)
			close(s.answer);
	}
}

static const struct step {
	const char *name;
	int n_args;
	void (*run)(char **args);
} steps[] = {
	{ "open", 1, do_open },
	{ "deep", 1, do_deep },
	{ "attach", 2, do_attach },
	{ "number", 2, do_number },
	{ "jump", 3, do_jump },
	{ "end", 3, do_end },
	{ "cancellable", 0, do_cancellable },
	{ "meanwhile", 3, do_meanwhile },
	{ "coroutine", 2, do_coroutine },
	{ "env", 1, do_env },
	{ "link", 2, do_link },
	{ "attach-xdp", 2, do_attach_xdp },
	{ "update", 3, do_update },
	{ "slow", 1, do_slow },
	{ "release", 0, do_release },
	{ "many", 2, do_many },
	{ "child", 2, do_child },
	{ "log", 0, do_log },
	{ "show", 0, do_show },
	{ "locale", 0, do_locale },
	{ "chroot", 1, do_chroot },
	{ "direct", 2, do_direct },
	{ "link-skb", 2, do_link_skb },
	{ "attach-fd", 2, do_attach_fd },
	{ "link-mem", 2, do_link_mem },
	{ "keep", 3, do_keep },
	{ "swap", 0, do_swap },
	{ "tick", 0, do_tick },
	{ "no-netlink", 0, do_no_netlink },
	{ "no-info", 0, do_no_info },
	{ "no-inet", 0, do_no_inet },
	{ "hide", 1, do_hide },
	{ "newnet", 0, do_newnet },
	{ "full", 0, do_full },
	{ "free", 0, do_free },
	{ "scarce", 0, do_scarce },
	{ "starved", 3, do_starved },
	{ "rmdir", 1, do_rmdir },
	{ "rename", 2, do_rename },
	{ "setns", 1, do_setns },
	{ "unlink", 1, do_unlink },
	{ "limit", 2, do_limit },
};

static const struct step *find_step(const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (!strcmp(steps[i].name, name))
			return &steps[i];
	return NULL;
}

int main(int argc, char **argv)
{
	char **arg = argv + 1;

	libbpf_set_print(print_nothing);
	while (*arg) {
		const struct step *step = find_step(*arg);

		if (!step || arg + step->n_args >= argv + argc)
			return 99;
		step->run(arg + 1);
		arg += 1 + step->n_args;
	}
	putchar('\n');
	return 0;
}
