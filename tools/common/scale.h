/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SCALE_H
#define XDP_POLICY_SCALE_H

/*
 * For programs of ours that look at many interfaces, at their start: each bpf_link is looked at
 * once (links__remember()), and as many files can be open as the system lets us. Who starts other
 * programs does not want that: they may use select().
 */
void scale__prepare(void);

#endif
