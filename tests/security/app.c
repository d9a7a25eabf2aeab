// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An application that uses libxdp in situations that are not kind to a preload. Its arguments are
 * done one after the other; what they find is one line on standard output.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xdp/libxdp.h>

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
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

/* limit NUMBER VALUE: of setrlimit(2) */
static void do_limit(char **args)
{
	struct rlimit limit = { .rlim_cur = atol(args[1]), .rlim_max = atol(args[1]) };

	if (setrlimit(atoi(args[0]), &limit))
		say("setrlimit: %m");
}

static const struct step {
	const char *name;
	int n_args;
	void (*run)(char **args);
} steps[] = {
	{ "open", 1, do_open },	    { "log", 0, do_log },	{ "show", 0, do_show },
	{ "locale", 0, do_locale }, { "chroot", 1, do_chroot }, { "setns", 1, do_setns },
	{ "unlink", 1, do_unlink }, { "limit", 2, do_limit },
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
