/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes a line of an event. UTF-8 stays readable, but nothing foreign gets
 * through that a terminal obeys or that hides what stands beside it: such
 * characters, and bytes that are no UTF-8, become \xNN in text and \uNNNN in
 * JSON. Ends well however long the fields are: room for the end is kept. */
#include "base/log_line.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
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

const char *
log_level_name(enum log_level level)
{
	return levels[level];
}

/* All of it or nothing. */
static bool
put(struct log_line *line, const char *bytes, size_t len)
{
	if (len > sizeof(line->at) - RESERVED - line->len) {
		line->is_cut = true;
		return false;
	}
	memcpy(line->at + line->len, bytes, len);
	line->len += len;
	return true;
}

static bool put_format(struct log_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool
put_format(struct log_line *line, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		return false;
	size_t n = (size_t)len < sizeof(text) ? (size_t)len
					      : sizeof(text) - 1;
	return put(line, text, n);
}

static void
put_time(struct log_line *line, int64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm utc = { 0 };
	char text[32];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	put_format(line, "%s.%03dZ", text,
		   (int)(wall_us / 1000 % 1000));
}

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

/* All of the character or nothing. */
static bool
put_character(struct log_line *line, enum log_format format,
	      struct character c)
{
	char escaped[4 * 4 + 1];
	int len = 0;

	if (c.code == '"' || c.code == '\\')
		return put_format(line, "\\%c", (int)c.code);
	if (c.may_show)
		return put(line, c.bytes.at, c.bytes.len);
	if (format == LOG_AS_JSON)
		return put_format(line, "\\u%04x", (unsigned)c.code);
	for (size_t i = 0; i < c.bytes.len; i++)
		len += snprintf(escaped + len, sizeof(escaped) - (size_t)len,
				"\\x%02x", (unsigned char)c.bytes.at[i]);
	return put(line, escaped, (size_t)len);
}

static void
put_characters(struct log_line *line, enum log_format format, struct view v)
{
	while (v.len > 0) {
		struct character c = next_character(v);
		if (!put_character(line, format, c))
			break;
		v = view_slice(v, c.bytes.len, v.len);
	}
}

static void
put_value(struct log_line *line, enum log_format format, struct view v)
{
	if (format == LOG_AS_TEXT && is_plain(v) && put(line, v.at, v.len))
		return;
	if (!put(line, "\"", 1))
		return;
	put_characters(line, format, v);
	line->at[line->len++] = '"';    /* from the reserve */
}

static void
put_number(struct log_line *line, const struct log_field *f)
{
	if (f->kind == LOG_NUMBER) {
		put_format(line, "%" PRId64, f->number);
		return;
	}
	uint64_t us = f->number < 0 ? -(uint64_t)f->number
				    : (uint64_t)f->number;
	put_format(line, "%s%" PRIu64 ".%03u", f->number < 0 ? "-" : "",
		   us / 1000, (unsigned)(us % 1000));
}

static bool
says_nothing(const struct log_field *f)
{
	return f->kind == LOG_TEXT
		? f->text.len == 0 || view_equal(f->text, VIEW("no"))
		: f->number == 0;
}

static void
put_field(struct log_line *line, enum log_format format,
	  const struct log_field *f)
{
	size_t before = line->len;
	bool is_json = format == LOG_AS_JSON;

	if (f->is_optional && !is_json && says_nothing(f))
		return;
	put(line, is_json ? ",\"" : " ", is_json ? 2 : 1);
	put(line, f->key, strlen(f->key));
	put(line, is_json ? "\":" : "=", is_json ? 2 : 1);
	size_t keyed = line->len;
	if (!line->is_cut && f->kind != LOG_TEXT)
		put_number(line, f);
	else if (!line->is_cut)
		put_value(line, format, f->text);
	/* A key without its value would be worse than none. */
	if (line->len == keyed)
		line->len = before;
}

static void
put_head(struct log_line *line, const struct log_origin *o,
	 const char *message)
{
	if (o->format == LOG_AS_JSON) {
		put(line, "{\"time\":\"", 9);
		put_time(line, o->wall_us);
		put_format(line, "\",\"level\":\"%s\",\"process\":\"%s\","
			   "\"pid\":%d,\"event\":", levels[o->level],
			   o->name, o->pid);
		put_value(line, LOG_AS_JSON, view_of(message));
		return;
	}
	put_time(line, o->wall_us);
	put_format(line, " %s %s[%d]: ", levels[o->level], o->name, o->pid);
	put_characters(line, LOG_AS_TEXT, view_of(message));
}

void
log_line_make(struct log_line *line, const struct log_origin *origin,
	      const char *message, const struct log_field *fields)
{
	line->len = 0;
	line->is_cut = false;
	put_head(line, origin, message);
	for (; fields->key != NULL && !line->is_cut; fields++)
		put_field(line, origin->format, fields);

	bool is_json = origin->format == LOG_AS_JSON;
	const char *end = is_json ? "}\n" : "\n";
	if (line->is_cut)
		end = is_json ? ",\"cut\":1}\n" : " cut=1\n";
	memcpy(line->at + line->len, end, strlen(end));
	line->len += strlen(end);
}
