// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs as init of a pid namespace, and makes a child that is init of another one, while a thread of
 * its own is at the list of open objects. Prints what the child does. All numbers are 1.
 */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "chain/process.h"
#include "preload/object.c"

/* --- the rest of the hooks --- */

static void *find_real(enum preload_symbol symbol)
{
	(void)symbol;
	return NULL;
}

struct preload_shim hooks_shim = { .real = find_real };

bool state__wants(enum policy_cond cond)
{
	(void)cond;
	return true;
}

/* --- */

static struct process_facts facts;

static void give_up(int signal)
{
	(void)signal;
	dprintf(STDOUT_FILENO, "hangs\n");
	_exit(1);
}

static int be_child(void)
{
	signal(SIGALRM, give_up); /* init is not ended by a signal without a handler */
	alarm(60);
	object__find((void *)&facts);
	process__refresh(&facts);
	printf("%d %s\n", getpid(),
	       *facts.executable == '/' ? "reads its own facts" : "has old facts");
	fflush(stdout);
	return 0;
}

int main(void)
{
	pid_t child;

	process__refresh(&facts);
	strcpy(facts.executable, "another");
	printf("%d ", getpid());
	fflush(stdout);
	list_lock();
	child = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (!child)
		_exit(be_child());
	list_unlock();
	if (child < 0)
		printf("clone: %m\n");
	waitpid(child, NULL, 0);
	return 0;
}
