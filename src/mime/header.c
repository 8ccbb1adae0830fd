/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of header fields. Real mail has garbage between its fields, a
 * lost blank line before its text, an mbox line in front; the rules here are
 * what most mail readers make of those. */
#include "mime/header.h"

#include "mime/byte.h"
#include "mime/mime.h"

#include <assert.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* How long the name is of the field that a line begins: printable ASCII, with
 * a colon behind it; 0 where it begins none. */
static size_t
name_len(struct view line)
{
	size_t n = 0;

	while (n < line.len && line.at[n] > ' ' && line.at[n] < 0x7f &&
	       line.at[n] != ':')
		n++;
	size_t colon = n;
	while (colon < line.len && is_blank(line.at[colon]))
		colon++;
	return colon < line.len && line.at[colon] == ':' ? n : 0;
}

enum line_kind { FIELD, FOLDED, EMPTY, GARBAGE };

static enum line_kind
kind_of(struct view line)
{
	if (line.len == 0)
		return EMPTY;
	if (is_blank(line.at[0]))
		return FOLDED;
	return name_len(line) > 0 ? FIELD : GARBAGE;
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
			return name_len(line) > 0;
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

	for (int n = 1; n <= MOST_LINES; n++) {
		size_t at = l->offset;
		/* What looks like a delimiter: a part whose blank line was
		 * lost ends. */
		if (line.text.len > 2 && memcmp(line.text.at, "--", 2) == 0)
			break;
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

/* A message may begin with an mbox line, and then with blank and folded lines
 * before its first field. */
static void
skip_to_first_field(struct lines *l)
{
	enum { MOST_LINES = 100 };
	struct line line;

	if (lines_next(l, &line)) {
		struct view v = line.text;
		if (v.len > 0 && v.at[0] == '>')
			v = view_slice(v, 1, v.len);
		if (v.len <= 5 || memcmp(v.at, "From ", 5) != 0 ||
		    name_len(v) > 0)
			lines_seek(l, 0);
	}
	size_t start = l->offset;
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

struct view
header_block(struct lines *l, const struct mime_settings *limits,
	     struct arena *arena, unsigned *limits_met)
{
	if (l->offset == 0)
		skip_to_first_field(l);
	const struct piece *piece = l->piece;
	size_t base = l->offset - l->at;
	size_t from = l->offset, to = from, field = from, lines = 0;
	struct line line;

	for (unsigned over = 0; over == 0;) {
		to = l->offset;
		if (!lines_next(l, &line))
			break;
		enum line_kind kind = kind_of(line.text);
		if (kind == EMPTY)
			break;
		if (line.from == from && kind != FIELD) {
			lines_seek(l, from);
			break;
		}
		if (kind == GARBAGE && !fields_go_on(l, &line))
			break;
		size_t end = l->offset;
		if (kind != FOLDED)
			field = line.from;
		if (end - from > limits->header_bytes)
			over |= MIME_LIMIT_HEADER_BYTES;
		if (++lines > limits->header_lines)
			over |= MIME_LIMIT_HEADER_LINES;
		if (end - field > limits->header_field)
			*limits_met |= MIME_LIMIT_HEADER_FIELD;
		*limits_met |= over;
		if (over == 0)
			continue;
		/* Of one endless line the beginning is shown. */
		to = line.from > from ? line.from :
					from + limits->header_bytes;
		lines_skip_to_empty(l);
	}
	assert(to >= from);
	if (to == from)
		return VIEW("");
	size_t len = to - from;
	if (from - base + len <= piece->len)
		return (struct view){ piece->bytes + (from - base), len };
	char *copy = arena_reserve(arena, len);
	return (struct view){ copy, chain_copy(l->chain, from, len, copy) };
}

bool
header_next(struct view *block, struct field *field_out)
{
	while (block->len > 0) {
		/* A line that begins with a blank belongs to the one before. */
		size_t end = 0;
		do
			end += view_find(view_slice(*block, end, block->len),
					 '\n') + 1;
		while (end < block->len && is_blank(block->at[end]));
		struct view field = view_slice(*block, 0, end);
		*block = view_slice(*block, end, block->len);
		size_t name = name_len(field);
		if (name == 0)
			continue;
		size_t colon = name + view_find(
			view_slice(field, name, field.len), ':');
		field_out->name = view_slice(field, 0, name);
		field_out->value = view_slice(field, colon + 1, field.len);
		struct view *value = &field_out->value;
		while (value->len > 0 && byte_is_space(value->at[0]))
			*value = view_slice(*value, 1, value->len);
		while (value->len > 0 &&
		       byte_is_space(value->at[value->len - 1]))
			value->len--;
		return true;
	}
	return false;
}
