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

/* A field that the header of a message has, unlike a line of text that has a
 * colon in it. */
static bool
is_common_field(struct view line)
{
	static const struct view names[] = {
		VIEW("from"), VIEW("to"), VIEW("cc"), VIEW("subject"),
		VIEW("date"), VIEW("received"), VIEW("message-id"),
		VIEW("mime-version"), VIEW("content-"), VIEW("reply-to"),
		VIEW("x-"), VIEW("list-"), VIEW("dkim-signature"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (view_starts_nocase(line, names[i]))
			return header_begins_field(line);
	return false;
}

/* Whether fields go on behind a line that is none: then the next line is the
 * first of them. Of a message whose blank line was lost the text begins here,
 * and l goes back to it. A lone line may stand before any field. */
static bool
fields_go_on(struct lines *l, const struct line *garbage)
{
	enum { MOST_LINES = 100 };
	struct line line = *garbage;

	for (int n = 1; n <= MOST_LINES && !is_dashed(line.text); n++) {
		size_t at = l->offset;
		if (!lines_next(l, &line) || line.text.len == 0)
			break;
		if (n == 1 ? kind_of(line.text) == FIELD :
			     is_common_field(line.text)) {
			lines_seek(l, at);
			return true;
		}
	}
	lines_seek(l, garbage->from);
	return false;
}

/* A message may begin with blank and folded lines before its first field. */
static void
skip_blank_start(struct lines *l)
{
	enum { MOST_LINES = 100 };
	size_t start = l->offset;
	struct line line;

	for (int n = 0; n < MOST_LINES && lines_next(l, &line); n++) {
		enum line_kind kind = kind_of(line.text);
		if (kind == FIELD) {
			lines_seek(l, line.from);
			return;
		}
		if (kind == GARBAGE)
			break;
	}
	lines_seek(l, start);
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

/* Takes an mbox line and blank ones from the front of a message. */
static void
skip_to_first_field(struct lines *l)
{
	struct line line;

	if (lines_next(l, &line) && !is_mbox_line(line.text))
		lines_seek(l, 0);
	skip_blank_start(l);
}

static struct field_extent
find_extent(struct lines *l, const struct mime_settings *limits,
	    unsigned *limits_met)
{
	if (l->offset == 0)
		skip_to_first_field(l);
	struct field_extent e = { l->offset, l->offset, 0, 0, l->offset };
	struct line line;

	for (;;) {
		e.to = l->offset;
		if (!lines_next(l, &line))
			break;
		enum line_kind kind = kind_of(line.text);
		if (kind == EMPTY)
			break;
		bool is_first = line.from == e.from;
		if (is_first && (kind == GARBAGE || kind == FOLDED)) {
			lines_seek(l, line.from);
			break;
		}
		if (kind == GARBAGE && !fields_go_on(l, &line))
			break;
		line.to = l->offset;
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
