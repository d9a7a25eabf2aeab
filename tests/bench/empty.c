// SPDX-License-Identifier: LGPL-2.1-or-later
/* Nothing, for an object that costs what any preloaded object costs. */
typedef int empty;
