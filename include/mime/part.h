/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Content-* fields of one part say (RFC 2045, 2183). */
#ifndef MIME_PART_H
#define MIME_PART_H

#include "mime/structure.h"

/* Fills type, charset, kind, encoding and the flags of part from its fields;
 * type stays empty where there is no usable one. *boundary_out gets a
 * multipart's. Views are static or in s's arena. */
void part_read_fields(struct part *part, struct view block,
		      struct structure *s, struct view *boundary_out);

#endif
