/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_REMARKS_H
#define XDP_POLICY_REMARKS_H

/* What a chain's values do not show by themselves: for everybody who shows a chain. */

#include "live.h"

enum chain_remark {
	REMARK_TIE,   /* the program before it has the same priority, and what decides then */
	REMARK_LAST,  /* verdicts of the last program that become a PASS */
	REMARK_ALONE, /* its actions have no effect: nothing is called after it */
	N_REMARKS
};

/* Room for any of them. */
#define CHAIN_REMARK_SIZE 256

/* Writes a remark on the nth program of a chain, as it is or is planned. false: there is none. */
bool chain__remark(const struct chain *chain, unsigned int nth, enum chain_remark remark,
		   char text[CHAIN_REMARK_SIZE]);

/* Appends a remark to a text, behind a comma unless that is empty, and only if it is not there. */
void chain_remark__add(char *buf, size_t size, const char *remark);

/* Appends all of them to a text, each behind a comma unless that is empty. */
void chain__append_remarks(const struct chain *chain, unsigned int nth, char *buf, size_t size);

#endif
