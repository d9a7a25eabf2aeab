// SPDX-License-Identifier: LGPL-2.1-or-later
/* What programs do that look at many interfaces. */
#include <sys/resource.h>

#include "chain/links.h"
#include "common/scale.h"

void scale__prepare(void)
{
	struct rlimit limit;

	links__remember(true);
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit); /* else it stays as it was, which will do for a while */
}
