/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GMime may see of a message's bytes: a bounded C string of valid UTF-8
 * in which it finds no line end, no NUL and no encoded word, whose charset it
 * would look for. A byte that would be one of those, or is not ASCII, stands
 * as the character of its number or of its number + 256, and comes back. */
#ifndef MIME_GMIME_TEXT_H
#define MIME_GMIME_TEXT_H

#include "mime/convert.h"

/* Opens the library, and keeps open what it would open later: before the file
 * system is closed to the process, and before threads. Repeats do nothing. */
void gmime_open(void);

/* Appends bytes; out->room leaves one byte for the NUL. What does not fit is
 * left off and makes it full. */
void gmime_text_put(struct text *out, struct view bytes);

/* Ends the C string in out. */
const char *gmime_text_end(struct text *out);

/* Copies the bytes that text stands for to where, which has room; returns
 * how many. */
size_t gmime_text_bytes(const char *text, char *where, size_t room);

#endif
