/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The value of Content-Type and Content-Disposition: a word, then parameters
 * (RFC 2045 5.1, RFC 2183, RFC 2231), as loosely as mailers write them. */
#ifndef MIME_MIME_PARAMETER_H
#define MIME_MIME_PARAMETER_H

#include "mime/text.h"

struct mime_parameter {
	struct view name;
	struct view value;      /* without quotes, escapes still in it */
	bool is_quoted;
};

/* Takes blanks, line ends and (nested) comments from the front of *rest. */
void mime_parameter_skip_space(struct view *rest);

/* Takes the first word of a value ("text/html", "attachment") up to blanks,
 * ';' or a comment. */
struct view mime_parameter_take_word(struct view *rest);

/* Takes the next parameter; false at the end. */
bool mime_parameter_next(struct view *rest, struct mime_parameter *out);

/* Copies the value of the named parameter, put together from its RFC 2231
 * pieces, percent codes decoded and charset'language' left out, into out;
 * what exceeds its room is left off. False where there is none. The bytes
 * are as they came, not UTF-8. */
bool mime_parameter_find(struct view rest, struct view name, struct text *out);

/* Whether there is one of that name, in any form, that is not empty. */
bool mime_parameter_has(struct view rest, struct view name);

#endif
