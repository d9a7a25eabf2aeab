// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the hooks know of the objects that are open, while threads close theirs. */
#include <bpf/libbpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/object.h"
#include "preload/state.h"
#include "unit.h"

/* --- the rest of the hooks --- */

static unsigned int n_closed;

static void count_close(struct bpf_object *obj)
{
	n_closed++;
	bpf_object__close(obj);
}

static void *find_real(enum preload_symbol symbol)
{
	return symbol == SYM_bpf_object__close ? (void *)count_close :
	       symbol == SYM_bpf_object__btf   ? (void *)bpf_object__btf :
						 NULL;
}

struct preload_shim hooks_shim = { .real = find_real };

bool state__wants(enum policy_cond cond)
{
	(void)cond;
	return true;
}

/* --- */

#define N_OPEN 3
static struct bpf_object *open_objects[N_OPEN];

static void open_all(void)
{
	libbpf_set_print(NULL);
	n_closed = 0;
	for (int i = 0; i < N_OPEN; i++) {
		open_objects[i] = bpf_object__open_file("bpf/ord_a.o", NULL);
		ck_assert_msg(open_objects[i], "run in the build directory");
		object__set_path(open_objects[i], strdup("/a.o"));
	}
}

/* As the hook of bpf_object__close(). */
static void close_one(struct bpf_object *obj)
{
	if (object__close(obj))
		count_close(obj);
}

static void *close_some(void *n)
{
	for (int i = 0; i < *(int *)n; i++)
		close_one(open_objects[i]);
	return NULL;
}

/* Another thread has closed some of them when it is looked at the first. */
static void look(const struct bpf_object *obj, void *ctx)
{
	struct bpf_program *prog = bpf_object__next_program(obj, NULL);
	struct policy_subject subject = { 0 };
	static bool is_first;
	unsigned int *n = ctx;
	int to_close = N_OPEN;
	pthread_t thread;

	is_first = !(*n)++;
	object__describe(obj, prog, &subject);
	if (is_first) {
		ck_assert_int_eq(pthread_create(&thread, NULL, close_some, &to_close), 0);
		pthread_join(thread, NULL);
		ck_assert_uint_eq(n_closed, N_OPEN - 1); /* who closes has not waited */
	}
	ck_assert_str_eq(subject.value[COND_PROGRAM], "ord_a");
	ck_assert_ptr_eq(bpf_object__next_program(obj, prog), NULL);
	ck_assert_ptr_nonnull(object__find(obj));
}

START_TEST(test_closed_while_looked_at)
{
	unsigned int n = 0;

	open_all();
	object__for_each(look, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(n_closed, N_OPEN);
	ck_assert(!object__any());
}
END_TEST

static void count(const struct bpf_object *obj, void *ctx)
{
	(void)obj;
	++*(unsigned int *)ctx;
}

START_TEST(test_registry)
{
	unsigned int n = 0;
	int one = 1;

	open_all();
	object__for_each(count, &n);
	ck_assert_uint_eq(n, N_OPEN);
	for (int i = 0; i < N_OPEN; i++)
		ck_assert_ptr_eq(object__of(bpf_object__next_program(open_objects[i], NULL)),
				 object__find(open_objects[i]));
	close_some(&one);
	ck_assert_ptr_null(object__find(open_objects[0]));
	ck_assert_ptr_nonnull(object__find(open_objects[1]));
	close_one(open_objects[2]);
	close_one(open_objects[1]);
	ck_assert(!object__any());
	ck_assert_uint_eq(n_closed, N_OPEN);
}
END_TEST

static volatile bool is_over;

static void *open_and_close(void *ctx)
{
	(void)ctx;
	while (!is_over) {
		object__set_path((void *)&is_over, strdup("/b.o"));
		object__close((void *)&is_over);
	}
	return NULL;
}

/* A child that is forked while another thread is at the list is not held up by it. */
START_TEST(test_fork)
{
	pthread_t thread;
	int status;

	open_all();
	is_over = false;
	ck_assert_int_eq(pthread_create(&thread, NULL, open_and_close, NULL), 0);
	for (int i = 0; i < 200; i++) {
		pid_t pid = fork();

		if (!pid) {
			alarm(60);
			/* not by _exit(), at which valgrind(1) looks for what the threads had */
			if (object__find(open_objects[0]) && object__close(open_objects[1]))
				raise(SIGKILL);
			_exit(1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	is_over = true;
	pthread_join(thread, NULL);
	for (int i = 0; i < N_OPEN; i++)
		close_one(open_objects[i]);
}
END_TEST

TCase *open_objects_tests(void)
{
	TCase *tc = tcase_create("open-objects");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_registry);
	tcase_add_test(tc, test_closed_while_looked_at);
	tcase_add_test(tc, test_fork);
	return tc;
}
