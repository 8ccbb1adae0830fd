/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of header fields (RFC 5322 2.2): where it ends, and its fields one
 * after the other. */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include "base/arena.h"
#include "mime/lines.h"
#include "mime/settings.h"

struct field {
	struct view name;       /* without blanks before the colon */
	struct view value;      /* raw, with its folds, trimmed */
};

/* Takes the lines of a block, leaves l at the first line of the body, and
 * returns the block's text, in the message itself or copied into arena.
 * The first block of a message may follow an mbox "From " line. Of what is
 * over a limit only the part before it is returned; *limits_met gets the
 * bits. */
struct view header_block(struct lines *l, const struct mime_settings *limits,
			 struct arena *arena, unsigned *limits_met);

/* Takes the next field from the front of *block; skips what is none. False
 * at the end. */
bool header_next(struct view *block, struct field *field_out);

#endif
