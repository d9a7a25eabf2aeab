/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICYD_LOG_H
#define XDP_POLICYD_LOG_H

/* The daemon's messages: to the journal with fields if standard error leads there, else as text. */

#include <syslog.h>

/* MESSAGE_ID of the journal; part of the interface, see xdp-policyd(8). */
#define LOG_ID_CORRECTION "42d03a62c817414ea58dcfe59469a02c"
#define LOG_ID_BACKOFF	  "4d47536467b94faea500a0f7a0ac95fb"

/* What a message is about; what is NULL is left out. */
struct log_about {
	const char *id;
	const char *netns, *ifname, *program;
	const char *rule; /* file:line */
};

void log__init(void);

/* level is one of syslog.h; about may be NULL. */
__attribute__((format(printf, 3, 4))) void log__print(int level, const struct log_about *about,
						      const char *fmt, ...);

/* The same of a text that is in the form for logs of encode.h. */
void log__shown(int level, const struct log_about *about, const char *text);

#define log__error(...) log__print(LOG_ERR, NULL, __VA_ARGS__)

#endif
