/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes a line of an event. UTF-8 stays readable, but nothing foreign gets
 * through that a terminal obeys or that hides what stands beside it: such
 * characters, and bytes that are no UTF-8, become \xNN in text and \uNNNN in
 * JSON. Ends well however long the fields are: room for the end is kept. */
#include "base/log_line.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Kept for a closing quote, the mark of a cut line, brace and LF. */
enum { RESERVED = 32 };

static const char *const levels[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

/* One of foreign text. */
struct character {
	struct view bytes;
	uint32_t code;                  /* U+FFFD where it is not UTF-8 */
	bool may_show;
};

/* What v, which is not empty, begins with. It may be shown where it is
 * neither a control of C0 or C1 nor one that turns, parts or hides the text
 * around it: bidirectional marks, line separators, U+FEFF. */
static struct character
next_character(struct view v)
{
	uint32_t code = (unsigned char)v.at[0];
	size_t len = 1;

	if (code >= 0x80 && (len = utf8_decode(v, &code)) == 0)
		return (struct character){ view_slice(v, 0, 1), 0xfffd, false };
	bool is_hidden = code < ' ' || (code >= 0x7f && code < 0xa0) ||
			 code == 0x61c || code == 0x200e || code == 0x200f ||
			 (code >= 0x2028 && code <= 0x202e) ||
			 (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
	return (struct character){ view_slice(v, 0, len), code, !is_hidden };
}

/* Whether a value needs no quotes. */
static bool
is_plain(struct view v)
{
	for (size_t i = 0; i < v.len;) {
		struct character c = next_character(view_slice(v, i, v.len));
		if (!c.may_show || c.code == ' ' || c.code == '"' ||
		    c.code == '\\' || c.code == '=')
			return false;
		i += c.bytes.len;
	}
	return v.len > 0;
}

bool
log_escape(struct buf *out, enum log_format format, struct view v)
{
	while (v.len > 0) {
		struct character c = next_character(v);
		char escaped[4 * 4 + 1];
		int len = 0, failed;
		if (c.code == '"' || c.code == '\\') {
			failed = buf_printf(out, "\\%c", (int)c.code);
		} else if (c.may_show) {
			failed = buf_append(out, c.bytes);
		} else if (format == LOG_AS_JSON) {
			failed = buf_printf(out, "\\u%04x", (unsigned)c.code);
		} else {
			for (size_t i = 0; i < c.bytes.len; i++)
				len += snprintf(escaped + len,
						sizeof(escaped) - (size_t)len,
						"\\x%02x",
						(unsigned char)c.bytes.at[i]);
			failed = buf_append_text(out, escaped);
		}
		if (failed)
			return false;
		v = view_slice(v, c.bytes.len, v.len);
	}
	return true;
}

/* False where not all of it fits; a part of it may be there. */
static bool
put_value(struct buf *line, enum log_format format, struct view v)
{
	if (format == LOG_AS_TEXT && is_plain(v) && buf_append(line, v) == 0)
		return true;
	if (buf_append_byte(line, '"') != 0)
		return false;
	bool fits = log_escape(line, format, v);
	line->at[line->len++] = '"';    /* from the reserve */
	return fits;
}

/* Microseconds as milliseconds; false where they do not fit. */
static bool
put_thousandths(struct buf *line, int64_t number)
{
	uint64_t us = number < 0 ? -(uint64_t)number : (uint64_t)number;

	return (number >= 0 || buf_append_byte(line, '-') == 0) &&
	       buf_append_number(line, (int64_t)(us / 1000), 1) == 0 &&
	       buf_append_byte(line, '.') == 0 &&
	       buf_append_number(line, (int64_t)(us % 1000), 3) == 0;
}

/* False where not all of it fits. */
static bool
put_field(struct buf *line, enum log_format format, const struct log_field *f)
{
	size_t before = line->len;
	bool is_json = format == LOG_AS_JSON, fits = true;

	if (f->is_optional && !is_json &&
	    (f->kind == LOG_TEXT
	     ? f->text.len == 0 || view_equal(f->text, VIEW("no"))
	     : f->number == 0))
		return true;
	fits = buf_append(line, is_json ? VIEW(",\"") : VIEW(" ")) == 0 &&
	       buf_append_text(line, f->key) == 0 &&
	       buf_append(line, is_json ? VIEW("\":") : VIEW("=")) == 0;
	size_t keyed = line->len;
	if (fits && f->kind == LOG_TEXT)
		fits = put_value(line, format, f->text);
	else if (fits && f->kind == LOG_NUMBER)
		fits = buf_append_number(line, f->number, 1) == 0;
	else if (fits)
		fits = put_thousandths(line, f->number);
	/* A key without its value would be worse than none. */
	if (line->len == keyed)
		line->len = before;
	return fits;
}

/* 2026-01-31T23:59:59.999Z */
static void
put_time(struct buf *line, int64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm utc = { 0 };

	gmtime_r(&seconds, &utc);
	buf_append_number(line, utc.tm_year + 1900, 4);
	buf_append_byte(line, '-');
	buf_append_number(line, utc.tm_mon + 1, 2);
	buf_append_byte(line, '-');
	buf_append_number(line, utc.tm_mday, 2);
	buf_append_byte(line, 'T');
	buf_append_number(line, utc.tm_hour, 2);
	buf_append_byte(line, ':');
	buf_append_number(line, utc.tm_min, 2);
	buf_append_byte(line, ':');
	buf_append_number(line, utc.tm_sec, 2);
	buf_append_byte(line, '.');
	buf_append_number(line, wall_us / 1000 % 1000, 3);
	buf_append_byte(line, 'Z');
}

void
log_line_make(struct log_line *line, const struct log_origin *o,
	      const char *message, const struct log_field *fields)
{
	bool is_json = o->format == LOG_AS_JSON, fits;
	struct buf b = { .at = line->at, .size = sizeof(line->at),
			 .ceiling = sizeof(line->at) - RESERVED };

	buf_append_text(&b, is_json ? "{\"time\":\"" : "");
	put_time(&b, o->wall_us);
	buf_append_text(&b, is_json ? "\",\"level\":\"" : " ");
	buf_append_text(&b, levels[o->level]);
	buf_append_text(&b, is_json ? "\",\"process\":\"" : " ");
	buf_append_text(&b, o->name);
	buf_append_text(&b, is_json ? "\",\"pid\":" : "[");
	buf_append_number(&b, o->pid, 1);
	buf_append_text(&b, is_json ? ",\"event\":" : "]: ");
	if (is_json)
		fits = put_value(&b, LOG_AS_JSON, view_of(message));
	else
		fits = log_escape(&b, LOG_AS_TEXT, view_of(message));
	for (; fields->key != NULL && fits; fields++)
		fits = put_field(&b, o->format, fields);
	const char *end = is_json ? "}\n" : "\n";
	if (!fits)
		end = is_json ? ",\"cut\":1}\n" : " cut=1\n";
	assert(b.len <= b.ceiling + 1);
	memcpy(line->at + b.len, end, strlen(end));
	line->len = b.len + strlen(end);
}
