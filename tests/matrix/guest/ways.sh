# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh source-path=SCRIPTDIR source-path=SCRIPTDIR/../../vm/guest
# under traffic: see tests/vm/boot.sh
# The same policy in three ways, on this suite's libxdp and tools and this kernel. Orders are proved
# by the letters in received packets.
# shellcheck source=policyd.sh
. ../policyd.sh
# shellcheck source=cells.sh
. ../cells.sh

need_preload
need_apply
