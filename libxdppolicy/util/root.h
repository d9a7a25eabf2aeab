/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_ROOT_H
#define XDP_POLICY_ROOT_H

#include <stdbool.h>

/*
 * Whether paths still lead where they led when this process was started. In another root directory
 * or mount namespace, which it may have entered since, they lead to what others have put there: no
 * code must be opened by them. False if it cannot be told, as without /proc. Linked into the shim,
 * too.
 */
bool root__is_original(void);

#endif
