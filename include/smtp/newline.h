/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ends of line in a block of bytes, and what only looks like one: a CR or an
 * LF alone (RFC 5321 2.3.8). Linear in the block, whatever is in it. */
#ifndef SMTP_NEWLINE_H
#define SMTP_NEWLINE_H

#include "base/view.h"

struct newline {
	const char *at;         /* behind what was found last */
	const char *end;
	const char *cr;         /* next CR and LF at or behind at, or end */
	const char *lf;
};

enum newline_kind {
	NEWLINE_NONE,           /* no CR or LF is left; at is the end */
	NEWLINE_CRLF,
	NEWLINE_BARE,           /* a CR or an LF alone */
	NEWLINE_OPEN            /* the last byte is CR: what follows decides */
};

void newline_begin(struct newline *n, struct view bytes);

/* Finds the next one and moves at behind it. */
enum newline_kind newline_next(struct newline *n);

#endif
