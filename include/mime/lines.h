/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a message that lies in pieces. LF ends a line, a CR before it
 * belongs to the end. */
#ifndef MIME_LINES_H
#define MIME_LINES_H

#include "base/chain.h"

#include <stdint.h>

/* Of a line that crosses pieces only so much is shown. */
enum { LINES_SHOWN = 1024 };

struct line {
	struct view text;       /* without its end; until the next line */
	size_t before;          /* where the text of the line before ended */
	size_t from;            /* offset of its first byte in the message */
	size_t to;              /* offset of the next line */
};

struct lines {
	const struct chain *chain;
	const struct piece *piece;
	size_t at;              /* in the piece */
	size_t offset;          /* in the message */
	size_t before;          /* where the text of the last line ended */
	char last;              /* the byte before at */
	char joint[LINES_SHOWN];
};

/* Begins with the first line. The chain must not change meanwhile. */
void lines_init(struct lines *l, const struct chain *chain);

/* False at the end of the message. The last line may lack its LF. */
bool lines_next(struct lines *l, struct line *line_out);

/* Skips lines up to one that begins with "--" and a byte whose low six bits
 * are the number of a bit in thirds; false, and all skipped, at the end or
 * once until is passed. */
bool lines_next_dashed(struct lines *l, size_t until, uint64_t thirds,
		       struct line *line_out);

/* Skips lines up to and with the next empty one. */
void lines_skip_to_empty(struct lines *l);

/* The next line is the one at this offset, at most the message's length. */
void lines_seek(struct lines *l, size_t offset);

#endif
