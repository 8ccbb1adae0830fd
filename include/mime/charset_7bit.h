/* SPDX-License-Identifier: GPL-3.0-or-later */
/* 7-bit East Asian mail to the 8-bit form of the same sets: HZ (RFC 1843) to
 * GB 2312, ISO-2022-JP (RFC 1468, with half-width kana) to EUC-JP. */
#ifndef MIME_CHARSET_7BIT_H
#define MIME_CHARSET_7BIT_H

#include "base/view.h"

/* Both write at most 2 * bytes.len to out and return how much; *state is 0
 * at the beginning of a text, and carries what is between two calls. */
size_t charset_7bit_from_hz(unsigned *state, struct view bytes, char *out);
size_t charset_7bit_from_jis(unsigned *state, struct view bytes, char *out);

#endif
