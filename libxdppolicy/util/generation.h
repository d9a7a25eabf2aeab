/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_GENERATION_H
#define XDP_POLICY_GENERATION_H

/*
 * A number that is another one in each process that gets a copy of this one's memory, by whatever
 * call: fork(2), _Fork(3), clone(2). Not so a process id, which in a pid namespace of its own may
 * be that of the parent; and pthread_atfork(3) hears of fork() alone. Who shares the memory, as
 * after vfork(2), shares the number. Never 0.
 */
unsigned int generation__get(void);

#endif
