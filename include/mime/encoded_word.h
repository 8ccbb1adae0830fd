/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoded words in header fields (RFC 2047), as mailers abuse them, and raw
 * 8-bit or ISO-2022-JP text beside them, to clean UTF-8. */
#ifndef MIME_ENCODED_WORD_H
#define MIME_ENCODED_WORD_H

#include "mime/convert.h"

struct encoded_word {
	enum charset charset;
	bool is_base64;
	struct view text;
	size_t len;             /* of the whole word */
};

/* Whether v begins with an encoded word. */
bool encoded_word_at(struct view v, struct encoded_word *word_out);

/* Decodes a field's value into out: folds undone, words decoded, adjacent
 * ones joined before their charset is, control characters gone. Raw bytes
 * are UTF-8 if valid, else hint (where that decodes them), else
 * windows-1252. The result takes at most 3 * value.len bytes. */
void encoded_word_decode(struct charsets *sets, struct view value,
			 enum charset hint, struct text *out);

#endif
