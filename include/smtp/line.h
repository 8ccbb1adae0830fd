/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines out of a stream of bytes. Only CRLF ends one (RFC 5321
 * 2.3.8); a line in one block is not copied. */
#ifndef SMTP_LINE_H
#define SMTP_LINE_H

#include "base/buf.h"

/* Longest line of any command, with its CRLF: RFC 5321 4.5.3.1.4, and what
 * SIZE (26), BODY (17) and SMTPUTF8 (10) add to MAIL. */
enum { LINE_MAX_BYTES = 512 + 26 + 17 + 10 };

struct line {
	struct buf kept;        /* what earlier blocks brought of it */
	bool is_begun;
	bool has_cr;            /* the last byte was CR; not kept yet */
	bool is_broken;         /* a bare CR or LF, or NUL */
	bool is_too_long;
};

enum line_kind {
	LINE_PARTIAL,           /* all bytes taken, no CRLF yet */
	LINE_WHOLE,
	LINE_BROKEN,
	LINE_TOO_LONG
};

/* Takes bytes up to and with the first CRLF; returns how many. line_out is
 * the line without its CRLF, or the part of it that is known; it dies with
 * bytes or at line_forget, which must follow unless it is LINE_PARTIAL. */
size_t line_feed(struct line *l, struct view bytes, struct view *line_out,
		 enum line_kind *kind_out);
void line_forget(struct line *l);

#endif
