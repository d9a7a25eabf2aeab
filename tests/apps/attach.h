/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_TESTS_ATTACH_H
#define XDP_POLICY_TESTS_ATTACH_H

__attribute__((visibility("default"))) int attach_main(int argc, char **argv);

#endif /* XDP_POLICY_TESTS_ATTACH_H */
