/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines. The usual line comes in one block and is only looked at;
 * what comes in parts, or is not clean, is gathered byte by byte. */
#include "smtp/command_line.h"

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

static void
keep(struct command_line *l, char c)
{
	if (c == '\0')
		l->is_broken = true;
	/* The CRLF is not kept, but counts. */
	if (l->kept.len >= COMMAND_LINE_MAX_BYTES - 2)
		l->is_too_long = true;
	else if (!l->is_broken)
		buf_append_byte(&l->kept, c);
}

static enum command_line_kind
kind_of(const struct command_line *l)
{
	if (l->is_broken)
		return COMMAND_LINE_BROKEN;
	return l->is_too_long ? COMMAND_LINE_TOO_LONG : COMMAND_LINE_WHOLE;
}

static enum command_line_kind
take_byte(struct command_line *l, char c)
{
	l->is_begun = true;
	if (c == '\n' && l->has_cr)
		return kind_of(l);
	if (l->has_cr || c == '\n')
		l->is_broken = true;
	l->has_cr = c == '\r';
	if (c == '\n') {
		l->has_bare_lf = true;
		return COMMAND_LINE_BARE_LF;
	}
	if (c != '\r')
		keep(l, c);
	return COMMAND_LINE_PARTIAL;
}

size_t
command_line_feed(struct command_line *l, struct view bytes,
		  struct view *line_out, enum command_line_kind *kind_out)
{
	size_t used = 0;

	*kind_out = COMMAND_LINE_PARTIAL;
	if (!l->is_begun) {
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
