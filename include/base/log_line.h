/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One event as one line, in text or JSON; the only escape for foreign
 * bytes. */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include "base/buf.h"
#include "base/log.h"

struct log_line {
	size_t len;             /* with the LF at its end */
	char at[LOG_LINE_SIZE];
};

struct log_origin {
	enum log_level level;
	enum log_format format;
	int64_t wall_us;
	const char *name;       /* "worker 3" */
	int pid;
};

/* Text:  2026-01-31T09:00:00.123Z info worker 3[4711]: message key=value
 * JSON:  {"time":"...","level":"info","process":"worker 3","pid":4711,
 *         "event":"message","key":"value"}
 * Valid UTF-8 without controls. One that was cut, where not all fitted, says so
 * at its end: cut=1. */
void log_line_make(struct log_line *line, const struct log_origin *o,
		   const char *message, const struct log_field *fields);

/* Length of the time at the start of a text line, with its space. */
enum { LOG_TIME_LEN = 25 };

/* Appends foreign text as it may stand between quotes; false where not all of
 * it fits: no character is cut. */
bool log_escape(struct buf *out, enum log_format format, struct view v);

#endif
