/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 as RFC 3629 has it: no surrogates, nothing above U+10FFFF, no
 * overlong forms. Checking, mending and cutting text for a column. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/view.h"

#include <stdint.h>

/* Length (1 to 4) of the well-formed character v begins with, and its number;
 * 0 where v is empty or begins with something else. */
size_t utf8_decode(struct view v, uint32_t *code_out);

/* Writes a character (not a surrogate, at most U+10FFFF) to where, which has
 * room for 4 bytes; returns how many it took. */
size_t utf8_encode(uint32_t code, char *where);

/* Bytes of the character at the front that may stand in an address or a
 * header (RFC 6532 3.1); 0 where there is none that is well-formed, or where
 * it is a control character (C0, DEL, C1). */
size_t utf8_graphic_len(struct view v);

/* No byte above 7F; NUL and other controls are ASCII. */
bool utf8_is_ascii(struct view v);

/* NUL is a valid character. */
bool utf8_is_valid(struct view v);

/* Copies v to where, which has room for 3 * v.len bytes: each ill-formed
 * sequence (its longest possible prefix, as Unicode's 3.9 advises) becomes
 * U+FFFD, NUL is left out. Returns the bytes written. v may be the last
 * v.len bytes of those 3 * v.len. */
size_t utf8_mend(struct view v, char *where);

/* Number of characters; each ill-formed byte counts as one. */
size_t utf8_chars(struct view v);

/* How much of v to keep so that it has at most that many characters or
 * bytes, cut between two code points. Never more than is asked; 0 only
 * where not even one character fits. */
size_t utf8_cut_chars(struct view v, size_t chars);
size_t utf8_cut_bytes(struct view v, size_t bytes);

/* For columns of 3-byte UTF-8: whether all is within the Basic Multilingual
 * Plane, and a change in place of what is not to U+FFFD; returns the new
 * length, which is not more than len. */
bool utf8_is_bmp(struct view v);
size_t utf8_to_bmp(char *at, size_t len);

#endif
