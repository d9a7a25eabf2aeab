/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBXDPPOLICY_INTERNAL_H
#define LIBXDPPOLICY_INTERNAL_H

/* What the parts of the public interface have in common. */

#include "libxdppolicy.h"
#include "policy/internal.h"

/* As libbpf and libxdp do: the error is in errno, too. Returns err. */
int api__fail(int err);

bool api__is_error(const void *ptr);

/*
 * Copies a structure of the caller's, whose header may be of another version than this library.
 * What it does not have is zero; what we do not have must be, else -E2BIG. -EINVAL for a size that
 * is no structure's. No structure may end in padding, which might not be zero.
 */
int api__take(void *to, size_t to_size, const void *from, size_t from_size);

#define ENDS_WITH(type, member)                                                              \
	_Static_assert(offsetof(type, member) + sizeof(((type *)0)->member) == sizeof(type), \
		       "padding at the end of " #type)

/* What a later version may have said of an attribute that we do not know is left out. */
void api__take_known(struct policy_known *to, const struct xdp_policy_known *from);

/*
 * The policy as its files are now, which does not change any more while other threads look at
 * files: to be read, and put by api__put().
 */
void api__hold(struct xdp_policy *policy, struct policy *ret);
void api__put(struct policy *held);

#endif
