/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values of Content-Type and Content-Disposition as GMime may see them:
 * bounded, on one line, with the parameters that a row needs, each once, in
 * quotes and with charsets of our own list. */
#ifndef MIME_CONTENT_REWRITE_H
#define MIME_CONTENT_REWRITE_H

#include "mime/convert.h"

/* Bytes of one value that are read, and written. */
enum { CONTENT_MOST_SEEN = 4096 };

/* The parameters that a row needs; all others are left out. */
enum content_name { CONTENT_CHARSET, CONTENT_BOUNDARY, CONTENT_NAME,
		    CONTENT_FILENAME, CONTENT_NAMES };
extern const struct view content_names[CONTENT_NAMES];

/* Writes to out, which has room for CONTENT_MOST_SEEN and a NUL, and returns
 * it as a C string. A type without subtype becomes text/plain. */
const char *content_rewrite(struct view value, struct text *out, bool is_type);

#endif
