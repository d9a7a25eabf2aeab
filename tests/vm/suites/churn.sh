# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source=gone.sh
# What a host sees in weeks: 10000 interfaces and 1000 network namespaces come and go; see gone.sh.
# limit 10800
GONE_LINKS=10000
GONE_SPACES=1000
. ../gone.sh
