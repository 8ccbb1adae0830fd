/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text being made: valid UTF-8 without NUL, whatever is put in, up to a size
 * that is cut at a character. */
#ifndef MIME_TEXT_H
#define MIME_TEXT_H

#include "base/view.h"

struct text {
	char *at;
	size_t len;
	size_t room;
	bool is_full;           /* something did not fit */
};

/* Appends bytes that should be UTF-8; what is not becomes U+FFFD. */
void text_put(struct text *t, struct view bytes);

/* How many bytes at the end of v begin a character that is not complete. */
size_t text_open_tail(struct view v);

#endif
