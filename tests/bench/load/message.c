/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The message that the load sends, as it goes over the wire: CRLF ends of
 * line, dots stuffed, the final dot behind it. */
#include "../smtp_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
	"From: A Sender <sender@example.org>\r\n"
	"To: user@example.com\r\n"
	"Subject: =?utf-8?q?Nothing_new_under_the_s=C3=BCn?=\r\n"
	"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
	"Message-ID: <20260101000000.1@example.org>\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: 8bit\r\n"
	"\r\n";
static const char line[] =
	"The quick brown fox jumps over the lazy dog, and so does the hen.\r\n";

static void
append(struct load *l, const char *bytes, size_t len)
{
	memcpy(l->message + l->message_len, bytes, len);
	l->message_len += len;
}

static void
make_plain(struct load *l)
{
	l->message = malloc(l->size + sizeof(head) + sizeof(line) + 3);
	append(l, head, sizeof(head) - 1);
	while (l->message_len + sizeof(line) - 1 <= l->size)
		append(l, line, sizeof(line) - 1);
}

/* A file with LF or CRLF, as mail lies about. */
static bool
read_file(struct load *l)
{
	FILE *file = fopen(l->file, "rb");
	int c, before = '\n';

	if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
		perror(l->file);
		return false;
	}
	l->message = malloc((size_t)ftell(file) * 2 + 5);
	rewind(file);
	while ((c = getc(file)) != EOF) {
		if (c == '\n' && before != '\r')
			append(l, "\r", 1);
		if (c == '.' && before == '\n')
			append(l, ".", 1);
		append(l, &(char){ (char)c }, 1);
		before = c;
	}
	fclose(file);
	if (before != '\n')
		append(l, "\r\n", 2);
	return true;
}

bool
message_make(struct load *l)
{
	if (l->file == NULL)
		make_plain(l);
	else if (!read_file(l))
		return false;
	append(l, ".\r\n", 3);
	return true;
}
