/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values of Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2183,
 * RFC 2231), as loosely as mailers write them. */
#ifndef MIME_CONTENT_TYPE_H
#define MIME_CONTENT_TYPE_H

#include "base/arena.h"

struct content_value {
	struct view word;       /* "text/html", "attachment"; lower case */
	struct view charset;    /* lower case; empty without a usable one */
	struct view boundary;
	bool has_name;          /* of a file */
};

/* Reads a value with its folds. Views of the result are static or in arena.
 * A type without subtype, and none at all, is text/plain. */
struct content_value content_type_read(struct view value, struct arena *arena);
struct content_value content_disposition_read(struct view value,
					      struct arena *arena);

#endif
