/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes a line of an event. Nothing foreign gets through as it is: what is
 * not printable ASCII becomes \xNN in text, and what is not valid UTF-8 or
 * not harmless becomes U+FFFD or \u00NN in JSON. Ends well however long the
 * fields are: room for the end is kept. */
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

static bool
is_plain(struct view v)
{
	if (v.len == 0)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.at[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' ||
		    c == '=')
			return false;
	}
	return true;
}

static bool
put_text_byte(struct log_line *line, unsigned char c)
{
	if (c == '"' || c == '\\')
		return put_format(line, "\\%c", c);
	if (c < ' ' || c >= 0x7f)
		return put_format(line, "\\x%02x", c);
	return put(line, &(char){ (char)c }, 1);
}

static void
put_text_value(struct log_line *line, struct view v)
{
	if (is_plain(v) && put(line, v.at, v.len))
		return;
	if (!put(line, "\"", 1))
		return;
	for (size_t i = 0; i < v.len; i++)
		if (!put_text_byte(line, (unsigned char)v.at[i]))
			break;
	line->at[line->len++] = '"';    /* from the reserve */
}

/* Controls of C1 are two bytes of UTF-8 that terminals obey. */
static bool
is_c1(struct view character)
{
	return character.len == 2 && (unsigned char)character.at[0] == 0xc2 &&
	       (unsigned char)character.at[1] < 0xa0;
}

static bool
put_json_character(struct log_line *line, struct view character)
{
	unsigned char c = (unsigned char)character.at[0];

	if (is_c1(character))
		return put_format(line, "\\u%04x",
				  (unsigned char)character.at[1]);
	if (character.len > 1)
		return put(line, character.at, character.len);
	if (c == '"' || c == '\\')
		return put_format(line, "\\%c", c);
	if (c < ' ' || c == 0x7f)
		return put_format(line, "\\u%04x", c);
	if (c >= 0x80)
		return put(line, "\\ufffd", 6);
	return put(line, character.at, 1);
}

static void
put_json_value(struct log_line *line, struct view v)
{
	if (!put(line, "\"", 1))
		return;
	for (size_t i = 0; i < v.len;) {
		size_t len = utf8_char_len(view_slice(v, i, v.len));
		if (len == 0)
			len = 1;
		if (!put_json_character(line, view_slice(v, i, i + len)))
			break;
		i += len;
	}
	line->at[line->len++] = '"';
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

static void
put_field(struct log_line *line, enum log_format format,
	  const struct log_field *f)
{
	size_t before = line->len;
	bool is_json = format == LOG_AS_JSON;

	put(line, is_json ? ",\"" : " ", is_json ? 2 : 1);
	put(line, f->key, strlen(f->key));
	put(line, is_json ? "\":" : "=", is_json ? 2 : 1);
	size_t keyed = line->len;
	if (!line->is_cut && f->kind != LOG_TEXT)
		put_number(line, f);
	else if (!line->is_cut && is_json)
		put_json_value(line, f->text);
	else if (!line->is_cut)
		put_text_value(line, f->text);
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
		put_json_value(line, view_of(message));
		return;
	}
	put_time(line, o->wall_us);
	put_format(line, " %s %s[%d]: ", levels[o->level], o->name, o->pid);
	for (; *message != '\0'; message++)
		if (!put_text_byte(line, (unsigned char)*message))
			break;
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
