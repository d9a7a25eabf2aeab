/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_COMPONENT_H
#define XDP_POLICY_COMPONENT_H
#endif
