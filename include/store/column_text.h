/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as one column can hold it: of its character set, within its width. */
#ifndef STORE_COLUMN_TEXT_H
#define STORE_COLUMN_TEXT_H

#include "store/table.h"

/* Most bytes that column_text_fit may need of scratch for v; 0 where it will
 * only be cut. */
size_t column_text_scratch(const struct table_column *c, struct view v);

/* Whether the server has to convert text for this column. */
bool column_text_is_converted(const struct table_column *c);

/* What column c takes of v: mended, without the characters that the column's
 * character set lacks, cut on a character. Changed bytes go to *scratch,
 * which moves on. False for a key that does not fit whole and unchanged. */
bool column_text_fit(const struct table_column *c, struct view v,
		     char **scratch, struct view *out);

/* Whether raw bytes go into column `mail` as they are. */
bool column_text_is_exact(const struct table_column *mail);

/* As column_text_fit, for the raw message in a column of text: never cut.
 * Returns the length written to where, which has room for 3 * v.len. */
size_t column_text_raw(const struct table_column *mail, struct view v,
		       char *where);

#endif
