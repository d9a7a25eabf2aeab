/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICYD_METRICS_H
#define XDP_POLICYD_METRICS_H

/* The daemon's figures as a text file for node_exporter's textfile collector. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/output.h"

struct metrics_port {
	const char *netns; /* "" is the host's own */
	const char *ifname;
	uint64_t corrections;
	bool backoff; /* not corrected for a while */
	bool failing; /* the last attempt to read or to correct it failed */
	bool known;   /* what follows, which else is left out */
	unsigned int programs;
	unsigned int drift;	 /* programs that are not as the policy wants them */
	const char *unreachable; /* why the chain cannot be changed; "" if it can */
};

struct metrics {
	uint64_t errors;
	unsigned int config_errors;
	bool disabled;
	unsigned int pending;  /* interfaces that are still to be looked at */
	uint64_t last_success; /* seconds since 1970; 0: there was none */
	size_t n;
	struct metrics_port *port;
};

void metrics__print(const struct metrics *metrics, FILE *out);

/* To a place as output.h has it. Returns 0, or a negative errno with the reason in why. */
int metrics__write(const struct metrics *metrics, const char *path, char why[OUTPUT_WHY_SIZE]);

#endif
