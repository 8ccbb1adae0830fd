/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as one column can hold it: of its character set, within its width. */
#ifndef STORE_COLUMN_TEXT_H
#define STORE_COLUMN_TEXT_H

#include "store/table.h"

/* Most bytes that column_text_fit may need of scratch for v; 0 where v need
 * not be changed, but for being cut. Looks at every byte. */
size_t column_text_scratch(const struct table_column *c, struct view v);

/* Whether the server has to convert text for this column. */
bool column_text_is_converted(const struct table_column *c);

/* What column c takes of v: mended, without the characters that the column's
 * set lacks, cut on a character. Changed bytes go to
 * *scratch, which moves on; NULL where column_text_scratch said 0. False for
 * a key that does not fit whole and unchanged. */
bool column_text_fit(const struct table_column *c, struct view v,
		     char **scratch, struct view *out);

/* As column_text_fit, for the raw message in a column of text: never cut.
 * Returns the length written to where, which has room for 3 * v.len. */
size_t column_text_raw(const struct table_column *mail, struct view v,
		       char *where);

/* ---- What a character set has, by bits that the database itself taught ---
 * CONVERT(? USING x) in the INSERT would spare them, but a strict MariaDB
 * refuses it (1977) where something cannot be converted. */

/* ASCII: what every character set has that a table may use. */
void charset_map_init(struct charset_map *m, struct view name);

bool charset_map_has(const struct charset_map *m, uint32_t code);

/* Compares text with what came back from a conversion there and back, and
 * notes the characters that did. */
void charset_map_learn(struct charset_map *m, struct view sent,
		       struct view came_back);

bool charset_map_covers(const struct charset_map *m, struct view utf8);

/* Puts a mark (U+FFFD or, where there is none, '?') in place of what the
 * character set lacks; returns the new length, which is not more than len.
 * utf8 must be valid. */
size_t charset_map_apply(const struct charset_map *m, char *utf8, size_t len);

#endif
