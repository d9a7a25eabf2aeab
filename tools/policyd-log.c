// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines and fields for the journal, or lines on standard error. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* messages come from all over the daemon: the place of the call says nothing */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "policyd-log.h"
#include "util/encode.h"

#define MESSAGE "MESSAGE="

static bool to_journal;

/* systemd names the stream that it gave us, which may have been redirected since. */
void log__init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	to_journal = stream && sscanf(stream, "%ju:%ju", &dev, &ino) == 2 &&
		     !fstat(STDERR_FILENO, &st) && st.st_dev == dev && st.st_ino == ino;
}

struct fields {
	int n;
	struct iovec iov[8];
	char text[8][1024];
};

static void add_field(struct fields *fields, const char *name, const char *value)
{
	char *text = fields->text[fields->n];
	int len;

	if (!value || !value[0])
		return;
	len = snprintf(text, sizeof(fields->text[0]), "%s=", name);
	encode__shown(value, text + len, sizeof(fields->text[0]) - len);
	fields->iov[fields->n++] = (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
}

static void send_journal(int level, const struct log_about *about, char *message)
{
	struct fields fields = {
		.n = 1,
		.iov[0] = { .iov_base = message, .iov_len = strlen(message) },
	};
	const char priority[] = { (char)('0' + level), '\0' };

	add_field(&fields, "PRIORITY", priority);
	add_field(&fields, "SYSLOG_IDENTIFIER", "xdp-policyd");
	add_field(&fields, "MESSAGE_ID", about->id);
	add_field(&fields, "XDP_POLICY_NETNS", about->netns);
	add_field(&fields, "XDP_POLICY_INTERFACE", about->ifname);
	add_field(&fields, "XDP_POLICY_PROGRAM", about->program);
	add_field(&fields, "XDP_POLICY_RULE", about->rule);
	if (sd_journal_sendv(fields.iov, fields.n) < 0)
		fprintf(stderr, "<%d>%s\n", level, message + strlen(MESSAGE));
}

void log__shown(int level, const struct log_about *about, const char *text)
{
	char message[1536];

	if (!to_journal) {
		fprintf(stderr, "xdp-policyd: %s\n", text);
		return;
	}
	snprintf(message, sizeof(message), MESSAGE "%s", text);
	send_journal(level, about, message);
}

void log__print(int level, const struct log_about *about, const char *fmt, ...)
{
	static const struct log_about nothing;
	char text[1000], shown[1500];
	int len = 0;
	va_list args;

	if (!about)
		about = &nothing;
	if (about->ifname)
		len = snprintf(text, sizeof(text), "%s%s%s: ", about->netns ? about->netns : "",
			       about->netns && about->netns[0] ? "/" : "", about->ifname);
	va_start(args, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	log__shown(level, about, encode__shown(text, shown, sizeof(shown)));
}
