/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of header fields. Real mail has garbage between its fields, a
 * lost blank line before its text, an mbox line in front; the rules here are
 * what most mail readers make of those. */
#include "mime/header.h"

#include "mime/byte.h"
#include "mime/mime.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
header_begins_field(struct view line)
{
	size_t n = 0;

	while (n < line.len && line.at[n] > ' ' && line.at[n] < 0x7f &&
	       line.at[n] != ':')
		n++;
	size_t colon = n;
	while (colon < line.len && is_blank(line.at[colon]))
		colon++;
	return n > 0 && colon < line.len && line.at[colon] == ':';
}

static bool
is_mbox_line(struct view line)
{
	if (line.len > 0 && line.at[0] == '>')
		line = view_slice(line, 1, line.len);
	return line.len > 5 && memcmp(line.at, "From ", 5) == 0 &&
	       !header_begins_field(line);
}

enum line_kind { FIELD, FOLDED, EMPTY, GARBAGE };

static enum line_kind
kind_of(struct view line)
{
	if (line.len == 0)
		return EMPTY;
	if (is_blank(line.at[0]))
		return FOLDED;
	return header_begins_field(line) ? FIELD : GARBAGE;
}

/* What looks like a delimiter: a part whose blank line was lost ends. */
static bool
is_dashed(struct view line)
{
	return line.len > 2 && line.at[0] == '-' && line.at[1] == '-';
}

/* Whether a line that is no field ends the block, as the text of a message
 * whose blank line was lost does; a lone one in front of a field does not. */
static bool
begins_text(struct lines *l, const struct line *line, bool is_first)
{
	struct line next;

	if (is_first || is_dashed(line->text))
		return true;
	size_t back = line->to;
	bool is_alone = lines_next(l, &next) && kind_of(next.text) == FIELD;
	lines_seek(l, back);
	return !is_alone;
}

/* Where the block's text starts and ends, the body starts, and what may be
 * shown of it. */
struct field_extent {
	size_t from;
	size_t to;
	size_t shown;
	size_t lines;
	size_t field;           /* start of the current field */
};

static void
keep_limits(struct field_extent *e, const struct mime_settings *limits,
	    const struct line *line, unsigned *limits_met)
{
	unsigned over = 0;

	if (line->to - e->from > limits->header_bytes)
		over |= MIME_LIMIT_HEADER_BYTES;
	if (e->lines > limits->header_lines)
		over |= MIME_LIMIT_HEADER_LINES;
	if (line->to - e->field > limits->header_field)
		*limits_met |= MIME_LIMIT_HEADER_FIELD;
	*limits_met |= over;
	if (over == 0)
		return;
	/* Of one endless line the beginning is shown. */
	e->shown = line->from > e->from ? line->from :
					  e->from + limits->header_bytes;
}

static struct field_extent
find_extent(struct lines *l, const struct mime_settings *limits,
	    unsigned *limits_met)
{
	struct field_extent e = { l->offset, l->offset, 0, 0, l->offset };
	struct line line = { .to = l->offset };
	bool is_first = true;

	for (;;) {
		e.to = l->offset;
		if (!lines_next(l, &line))
			break;
		enum line_kind kind = kind_of(line.text);
		if (kind == EMPTY)
			break;
		if (line.from == 0 && is_mbox_line(line.text)) {
			e.from = e.field = line.to;
			continue;
		}
		if ((kind == GARBAGE || (kind == FOLDED && is_first)) &&
		    begins_text(l, &line, is_first)) {
			lines_seek(l, line.from);
			break;
		}
		is_first = false;
		if (kind != FOLDED)
			e.field = line.from;
		e.lines++;
		keep_limits(&e, limits, &line, limits_met);
		if (e.shown != 0) {
			lines_skip_to_empty(l);
			break;
		}
	}
	if (e.shown == 0)
		e.shown = e.to;
	return e;
}

struct view
header_block(struct lines *l, const struct mime_settings *limits,
	     struct arena *arena, unsigned *limits_met)
{
	const struct piece *piece = l->piece;
	size_t base = l->offset - l->at;
	struct field_extent e = find_extent(l, limits, limits_met);
	size_t len = e.shown > e.from ? e.shown - e.from : 0;

	if (len == 0)
		return VIEW("");
	if (e.from - base + len <= piece->len)
		return (struct view){ piece->bytes + (e.from - base), len };
	char *copy = arena_reserve(arena, len);
	return (struct view){ copy, chain_copy(l->chain, e.from, len, copy) };
}

/* Offset behind the line end that ends this field. */
static size_t
field_end(struct view block)
{
	size_t at = 0;

	for (;;) {
		at += view_find(view_slice(block, at, block.len), '\n');
		if (at >= block.len)
			return block.len;
		at++;
		if (at >= block.len || !is_blank(block.at[at]))
			return at;
	}
}

bool
header_next(struct view *block, struct field *field_out)
{
	while (block->len > 0) {
		struct view field = view_slice(*block, 0, field_end(*block));
		*block = view_slice(*block, field.len, block->len);
		if (!header_begins_field(field))
			continue;
		size_t colon = view_find(field, ':');
		field_out->name = view_trim(view_slice(field, 0, colon));
		field_out->value = byte_trim(
			view_slice(field, colon + 1, field.len), " \t\r\n");
		return true;
	}
	return false;
}

struct view
header_find(struct view block, struct view name)
{
	struct field field;

	while (header_next(&block, &field))
		if (view_equal_nocase(field.name, name))
			return field.value;
	return (struct view){ NULL, 0 };
}
