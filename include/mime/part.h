/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Content-* fields of one part say (RFC 2045, 2183, 2231), as
 * loosely as mailers write them. Views are static or in the arena. */
#ifndef MIME_PART_H
#define MIME_PART_H

#include "mime/structure.h"

struct content_value {
	struct view word;       /* "text/html", "attachment"; lower case */
	struct view charset;    /* lower case; empty without a usable one */
	struct view boundary;
	bool has_name;          /* of a file */
};

/* Reads a value with its folds. A type without subtype, and none at all, is
 * text/plain. */
struct content_value content_type_read(struct view value, struct arena *arena);
struct content_value content_disposition_read(struct view value,
					      struct arena *arena);

/* Fills type, charset, kind, encoding and the flags of part from its fields;
 * type stays empty where there is no usable one. *boundary_out gets a
 * multipart's. */
void part_read_fields(struct part *part, struct view block,
		      struct structure *s, struct view *boundary_out);

#endif
