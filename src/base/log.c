/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log as every process sees it. For now lines go to stderr. */
#include "base/log.h"

#include "base/buf.h"

#include <inttypes.h>
#include <unistd.h>

static void
append_field(struct buf *line, const struct log_field *f)
{
	buf_printf(line, " %s=", f->key);
	if (f->kind == LOG_NUMBER) {
		buf_printf(line, "%" PRId64, f->number);
		return;
	}
	if (f->kind == LOG_MILLIS) {
		buf_printf(line, "%" PRId64 ".%03d", f->number / 1000,
			   (int)(f->number % 1000));
		return;
	}
	for (size_t i = 0; i < f->text.len; i++) {
		unsigned char c = (unsigned char)f->text.at[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\')
			buf_printf(line, "\\x%02x", c);
		else
			buf_append_byte(line, (char)c);
	}
}

bool
log_wants(enum log_level level)
{
	return level >= LOG_LEVEL_INFO;
}

void
log_write(enum log_level level, const char *message,
	  const struct log_field *fields)
{
	static const char *const names[] = { "debug", "info", "warn",
					     "error" };
	struct buf line = BUF(4096);

	if (!log_wants(level))
		return;
	buf_printf(&line, "%s: %s", names[level], message);
	for (; fields->key != NULL; fields++)
		append_field(&line, fields);
	buf_append_byte(&line, '\n');
	ssize_t ignored = write(STDERR_FILENO, line.at, line.len);
	(void)ignored;
	buf_release(&line);
}
