/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_NETDEV_H
#define XDP_POLICY_NETDEV_H

#define NETDEV_DRIVER_SIZE 32

/*
 * The kernel driver of an interface, in buf; NULL with errno if it does not say, of EOPNOTSUPP if
 * it has none to tell. Thread safe.
 */
const char *netdev__driver(const char *ifname, char buf[NETDEV_DRIVER_SIZE]);

#endif
