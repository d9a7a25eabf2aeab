/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_VERSION_H
#define XDP_POLICY_VERSION_H

/* Versions of dispatchers, where their configuration does not tell. */

struct btf;

/* As the BTF of a dispatcher states it, by the length of an array; 0 for none. */
unsigned int dispatcher_version__in_btf(const struct btf *btf);

/*
 * The version that this host's libxdp loads, so that it takes a first dispatcher of ours for one of
 * its own and adds to it.
 */
unsigned int dispatcher_version__of_host(void);

#endif
