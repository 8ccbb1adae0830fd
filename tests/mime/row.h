/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The row of a message as text that people can read and write, for the
 * corpus and its tool. */
#ifndef TESTS_MIME_ROW_H
#define TESTS_MIME_ROW_H

#include "mime/mime.h"

#include <stdio.h>
#include <stdlib.h>

static inline bool
row_is_hosted(void *context, struct view domain)
{
	(void)context;
	return view_equal_nocase(domain, VIEW("example.com"));
}

static const struct mime_settings row_settings = {
	.header_lines = 5000, .header_bytes = 256 * 1024,
	.header_field = 64 * 1024, .header_colons = 500,
	.boundary_lines = 10000, .multiparts = 100, .mime_parts = 1000,
	.mime_depth = 32, .cpu_us = 5000000, .is_hosted = row_is_hosted,
};

/* A message made of a file's bytes; false where it cannot be read. */
static inline bool
row_load(const char *path, struct message *message)
{
	char bytes[65536];
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return false;
	*message = (struct message){
		.envelope.sender = VIEW("Envelope@Example.NET") };
	size_t n;
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		(void)chain_append(&message->raw, (struct view){ bytes, n });
	fclose(file);
	return true;
}

/* Lines of the body behind '|'; the last behind '>' where it has no end. */
static inline void
row_print_body(FILE *out, struct view body)
{
	while (body.len > 0) {
		size_t n = view_find(body, '\n');
		bool is_ended = n < body.len;
		size_t shown = n;
		if (is_ended && shown > 0 && body.at[shown - 1] == '\r')
			shown--;
		fprintf(out, "%c%.*s\n", is_ended ? '|' : '>', (int)shown,
			body.at);
		body = view_slice(body, n + 1, body.len);
	}
}

static inline void
row_print_line(FILE *out, const char *name, struct view value)
{
	if (value.len > 0)
		fprintf(out, "%s: %.*s\n", name, (int)value.len, value.at);
}

static inline void
row_print(FILE *out, const struct mail *mail)
{
	static const char *const addressed[] = { "", "us", "elsewhere" };

	row_print_line(out, "from", mail->from);
	row_print_line(out, "subject", mail->subject);
	row_print_line(out, "message_id", mail->message_id);
	row_print_line(out, "reply_to", mail->reply_to);
	row_print_line(out, "sender", mail->sender);
	row_print_line(out, "addressed",
		       view_of(addressed[mail->addressed]));
	row_print_line(out, "content_type", mail->content_type);
	row_print_line(out, "charset", mail->charset);
	if (mail->has_attach)
		fprintf(out, "has_attach: 1\n");
	if (mail->limits_met != 0)
		fprintf(out, "limits_met: 0x%x\n", mail->limits_met);
	row_print_body(out, mail->body);
}

#endif
