/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LIBBPF_WORDS_H
#define XDP_POLICY_LIBBPF_WORDS_H

/*
 * What libbpf says of an object that it refuses; an error number is all that its functions return.
 * It says it to one function of the whole process. In our own commands that is ours. In other
 * processes it is theirs, and stays: there are no words then.
 */

/* Listens from now on, and prints nothing. For commands, before they use libbpf. */
void libbpf_words__listen(void);

/* Forgets what was said to this thread: before a call. */
void libbpf_words__clear(void);

/* ": " and what was said to this thread since, in one line; "" if nothing was. */
const char *libbpf_words__get(void);

#endif
