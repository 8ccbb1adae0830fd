/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as one column can hold it: of its character set, within its width. */
#ifndef STORE_FIT_H
#define STORE_FIT_H

#include "store/table.h"

/* Most bytes that fit_text may need of scratch for v; 0 where it will only
 * be cut. */
size_t fit_scratch(const struct column *c, struct view v);

/* Whether the server has to convert text for this column. */
bool fit_is_converted(const struct column *c);

/* What column c takes of v: mended, without the characters that the column's
 * character set lacks, cut on a character. Changed bytes go to *scratch,
 * which moves on. False for a key that does not fit whole and unchanged. */
bool fit_text(const struct column *c, struct view v, char **scratch,
	      struct view *out);

/* Whether raw bytes go into column `mail` as they are. */
bool fit_is_exact(const struct column *mail);

/* As fit_text, for the raw message in a column of text: never cut. Returns
 * the length written to where, which has room for 3 * v.len. */
size_t fit_raw(const struct column *mail, struct view v, char *where);

#endif
