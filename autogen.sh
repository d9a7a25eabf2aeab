#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes configure from configure.ac; needed in a checkout, not in a release.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install --warnings=all
