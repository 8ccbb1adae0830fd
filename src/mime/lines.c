/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a message that lies in pieces, without a copy where a line
 * lies in one of them. Skipping is as fast for a million empty lines as for
 * long ones. */
#include "mime/lines.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

void
lines_init(struct lines *l, const struct chain *chain)
{
	l->chain = chain;
	l->piece = chain->first;
	l->at = 0;
	l->offset = 0;
	l->before = 0;
	l->last = '\n';
}

void
lines_seek(struct lines *l, size_t offset)
{
	assert(offset <= l->chain->len);
	if (offset < l->offset)
		lines_init(l, l->chain);
	while (l->piece != NULL && offset - l->offset > l->piece->len - l->at) {
		l->offset += l->piece->len - l->at;
		l->piece = l->piece->next;
		l->at = 0;
	}
	l->at += offset - l->offset;
	l->offset = offset;
	l->before = offset;
	l->last = '\n';
}

/* Offset of the first LF, or n. Most calls find it far away or at once. */
static size_t
find_end(const char *at, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	if (n > 0 && at[0] == '\n')
		return 0;
	if (n >= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		word ^= ones * '\n';
		if (((word - ones) & ~word & (ones << 7)) != 0)
			for (size_t i = 1;; i++)
				if (at[i] == '\n')
					return i;
	}
	const char *end = memchr(at, '\n', n);
	return end != NULL ? (size_t)(end - at) : n;
}

static void
skip_empty_pieces(struct lines *l)
{
	while (l->piece != NULL && l->at == l->piece->len) {
		l->piece = l->piece->next;
		l->at = 0;
	}
}

/* Takes what the current piece has of a line; true when that ends it. */
static bool
take_from_piece(struct lines *l, struct view *part_out)
{
	const char *at = l->piece->bytes + l->at;
	size_t room = l->piece->len - l->at;
	size_t n = find_end(at, room);
	bool is_ended = n < room;

	*part_out = (struct view){ at, n };
	char last = n > 0 ? at[n - 1] : l->last;
	l->before = l->offset + n;
	if (is_ended && last == '\r' && l->before > 0)
		l->before--;
	n += is_ended ? 1 : 0;
	l->last = is_ended ? '\n' : last;
	l->at += n;
	l->offset += n;
	skip_empty_pieces(l);
	return is_ended;
}

bool
lines_next(struct lines *l, struct line *line_out)
{
	struct view text;

	skip_empty_pieces(l);
	if (l->piece == NULL)
		return false;
	line_out->before = l->before;
	line_out->from = l->offset;
	bool is_ended = take_from_piece(l, &text);
	if (!is_ended && l->piece != NULL) {
		/* It goes on in the next pieces; what is beyond the room is
		 * not shown. */
		struct view part = text;
		for (text = (struct view){ l->joint, 0 };;) {
			part = view_slice(part, 0, LINES_SHOWN - text.len);
			memcpy(l->joint + text.len, part.at, part.len);
			text.len += part.len;
			if (is_ended || l->piece == NULL)
				break;
			is_ended = take_from_piece(l, &part);
		}
	}
	if (text.len > 0 && text.at[text.len - 1] == '\r')
		text.len--;
	line_out->text = text;
	line_out->to = l->offset;
	return true;
}

/* What a line begins with that is searched for: "--" and a byte of a set, or
 * nothing (thirds is 0). */
static bool
may_be(const char *at, const char *end, uint64_t thirds)
{
	if (thirds == 0)
		return at[0] == '\n' || (at[0] == '\r' && at[1] == '\n');
	return at[0] == '-' && at[1] == '-' &&
	       (end - at == 2 || (thirds >> (at[2] & 63) & 1) != 0);
}

/* Skips lines within the piece, up to one that may be what is searched for
 * or that crosses into the next piece. */
static void
skip_in_piece(struct lines *l, uint64_t thirds)
{
	const char *start = l->piece->bytes + l->at;
	const char *end = l->piece->bytes + l->piece->len;
	const char *at = start;

	while (end - at >= 2 && !may_be(at, end, thirds)) {
		size_t n = find_end(at, (size_t)(end - at));
		if (n == (size_t)(end - at))
			break;
		at += n + 1;
		while (thirds != 0 && at < end && *at == '\n')
			at++;
	}
	if (at == start)
		return;
	size_t skipped = (size_t)(at - start);
	bool has_cr = skipped >= 2 ? at[-2] == '\r' : l->last == '\r';
	l->at += skipped;
	l->offset += skipped;
	l->before = l->offset - (has_cr && l->offset >= 2 ? 2 : 1);
	l->last = '\n';
}

/* Skips to a line that may be what is searched for. */
static bool
skip_to(struct lines *l, size_t until, uint64_t thirds)
{
	struct view text;

	skip_empty_pieces(l);
	while (l->piece != NULL && l->offset < until) {
		skip_in_piece(l, thirds);
		skip_empty_pieces(l);
		if (l->piece == NULL)
			return false;
		const char *at = l->piece->bytes + l->at;
		const char *end = l->piece->bytes + l->piece->len;
		if (end - at < 2 || may_be(at, end, thirds))
			return true;
		/* A line that goes on in the next piece. */
		while (!take_from_piece(l, &text) && l->piece != NULL)
			continue;
	}
	return false;
}

bool
lines_next_dashed(struct lines *l, size_t until, uint64_t thirds,
		  struct line *line_out)
{
	assert(thirds != 0);
	while (skip_to(l, until, thirds)) {
		if (!lines_next(l, line_out))
			return false;
		if (line_out->text.len > 2 && line_out->text.at[0] == '-' &&
		    line_out->text.at[1] == '-')
			return true;
	}
	return false;
}

void
lines_skip_to_empty(struct lines *l)
{
	struct line line;

	while (skip_to(l, SIZE_MAX, 0) && lines_next(l, &line))
		if (line.text.len == 0)
			return;
}
