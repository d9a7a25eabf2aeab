// SPDX-License-Identifier: LGPL-2.1-or-later
/* A kernel that loads no extension programs, as those of small virtual machines: for LD_PRELOAD. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <sys/syscall.h>

long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long arg[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (number == __NR_bpf && arg[0] == BPF_PROG_LOAD &&
	    ((const union bpf_attr *)arg[1])->prog_type == BPF_PROG_TYPE_EXT) {
		errno = EPERM;
		return -1;
	}
	return real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
