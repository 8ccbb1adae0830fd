/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines. The usual line comes in one block and is only looked at;
 * what comes in parts, or is not clean, is gathered byte by byte. */
#include "smtp/command_line.h"

#include <assert.h>
#include <string.h>

/* One clean line at the front of the block; 0 where that is not so. */
static size_t
take_clean(struct view bytes, struct view *line_out)
{
	size_t lf = view_find(bytes, '\n');

	if (lf == bytes.len || lf == 0 || lf + 1 > COMMAND_LINE_MAX_BYTES)
		return 0;
	struct view line = view_slice(bytes, 0, lf);
	if (view_find(line, '\r') != lf - 1 ||
	    memchr(line.at, '\0', line.len) != NULL)
		return 0;
	*line_out = view_slice(line, 0, lf - 1);
	return lf + 1;
}

static enum command_line_kind
take_byte(struct command_line *l, char c)
{
	bool had_cr = l->has_cr;

	l->is_begun = true;
	l->has_cr = c == '\r';
	if (c == '\n' && had_cr) {
		if (l->is_broken)
			return COMMAND_LINE_BROKEN;
		return l->is_too_long ? COMMAND_LINE_TOO_LONG
				      : COMMAND_LINE_WHOLE;
	}
	if (had_cr || c == '\n' || c == '\0')
		l->is_broken = true;
	if (c == '\n') {
		l->has_bare_lf = true;
		return COMMAND_LINE_BARE_LF;
	}
	/* The CRLF is not kept, but counts. */
	if (c != '\r' && l->kept.len >= COMMAND_LINE_MAX_BYTES - 2)
		l->is_too_long = true;
	else if (c != '\r' && !l->is_broken)
		buf_append_byte(&l->kept, c);
	return COMMAND_LINE_PARTIAL;
}

size_t
command_line_feed(struct command_line *l, struct view bytes,
		  struct view *line_out, enum command_line_kind *kind_out)
{
	size_t used = 0;

	*kind_out = COMMAND_LINE_PARTIAL;
	if (!l->is_begun) {
		assert(l->kept.at == NULL);
		l->kept.ceiling = COMMAND_LINE_MAX_BYTES;
		used = take_clean(bytes, line_out);
		if (used > 0) {
			*kind_out = COMMAND_LINE_WHOLE;
			return used;
		}
	}
	while (used < bytes.len && *kind_out == COMMAND_LINE_PARTIAL)
		*kind_out = take_byte(l, bytes.at[used++]);
	*line_out = buf_view(&l->kept);
	return used;
}

void
command_line_forget(struct command_line *l)
{
	if (!l->is_begun)
		return;
	buf_release(&l->kept);
	*l = (struct command_line){ .is_begun = false };
}

enum foreign
command_foreign(struct view line)
{
	/* RFC 9110 9.3, RFC 5789, and the preface of RFC 9113 3.4. A page may
	 * make a browser send these to our port, with SMTP commands in the
	 * body. */
	static const struct view http_methods[] = {
		VIEW("GET "), VIEW("POST "), VIEW("HEAD "), VIEW("PUT "),
		VIEW("DELETE "), VIEW("CONNECT "), VIEW("OPTIONS "),
		VIEW("TRACE "), VIEW("PATCH "), VIEW("PRI "),
	};

	/* A handshake record of SSL 3 to TLS 1.3 (RFC 8446 5.1). */
	if (line.len >= 2 && line.at[0] == 0x16 && line.at[1] == 0x03)
		return FOREIGN_TLS;
	for (size_t i = 0; i < sizeof(http_methods) / sizeof(*http_methods);
	     i++)
		if (view_starts_nocase(line, http_methods[i]))
			return FOREIGN_HTTP;
	return FOREIGN_NONE;
}

enum command_fault
command_parse(struct view line, struct command *out)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return COMMAND_CONTROL;
	}
	/* Blanks at the end of a line are tolerated (RFC 5321 4.1.1). */
	struct view trimmed = view_trim(line);
	if (trimmed.len == 0 || trimmed.at != line.at)
		return COMMAND_EMPTY;
	size_t space = view_find(trimmed, ' ');
	out->verb = view_slice(trimmed, 0, space);
	out->argument = view_trim(view_slice(trimmed, space, trimmed.len));
	return COMMAND_GOOD;
}

enum esmtp_parameter_kind
esmtp_parameter_next(struct view *rest, struct esmtp_parameter *out)
{
	*rest = view_trim(*rest);
	if (rest->len == 0)
		return ESMTP_PARAMETER_END;
	size_t end = view_find(*rest, ' ');
	struct view one = view_slice(*rest, 0, end);
	size_t equals = view_find(one, '=');
	*rest = view_slice(*rest, end, rest->len);
	out->keyword = view_slice(one, 0, equals);
	out->value = view_slice(one, equals + 1, one.len);
	if (equals == 0 || one.at[0] == '-' || equals + 1 == one.len)
		return ESMTP_PARAMETER_BAD;
	for (size_t i = 0; i < out->keyword.len; i++)
		if (!ascii_is_alnum(one.at[i]) && one.at[i] != '-')
			return ESMTP_PARAMETER_BAD;
	for (size_t i = equals + 1; i < one.len; i++)
		if (one.at[i] <= ' ' || one.at[i] > '~' || one.at[i] == '=')
			return ESMTP_PARAMETER_BAD;
	return ESMTP_PARAMETER_GOOD;
}
