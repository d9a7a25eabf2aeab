// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netdev.h"

const char *netdev__driver(const char *ifname, char buf[NETDEV_DRIVER_SIZE])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (char *)&info };
	int fd, err;

	errno = ENODEV;
	if (!ifname || strlen(ifname) >= sizeof(ifr.ifr_name))
		return NULL;
	strcpy(ifr.ifr_name, ifname);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) /* a host without IPv4 */
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	err = ioctl(fd, SIOCETHTOOL, &ifr) ? errno : 0;
	close(fd);
	if (err || !info.driver[0]) {
		errno = err ? err : EOPNOTSUPP;
		return NULL;
	}
	snprintf(buf, NETDEV_DRIVER_SIZE, "%.*s", (int)sizeof(info.driver) - 1, info.driver);
	return buf;
}
