/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes after DATA: where the message ends, and which dots are not part
 * of it (RFC 5321 4.5.2). Only CRLF.CRLF ends it. */
#ifndef SMTP_DATA_H
#define SMTP_DATA_H

#include "base/view.h"

#include <stdint.h>

enum data_at {
	DATA_AT_LINE_START,     /* zero: where every message begins */
	DATA_AT_DOT,            /* a dot began the line; it is not kept */
	DATA_AT_DOT_CR,
	DATA_AT_TEXT,
	DATA_AT_CR,
	DATA_AT_END
};

struct data {
	uint8_t at;             /* enum data_at */
	bool has_bare_newline;  /* a CR or LF that is no end of line */
};

/* Takes bytes from the front; returns how many. text_out is what of them
 * belongs to the message: a part of bytes, or constant; possibly empty. To be
 * called until all is taken or at is DATA_AT_END. */
size_t data_next(struct data *d, struct view bytes, struct view *text_out);

/* The same for a chunk of BDAT: all of it is text, only newlines are looked
 * at. */
void data_check(struct data *d, struct view bytes);

#endif
