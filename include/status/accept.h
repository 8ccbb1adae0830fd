/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The field Accept of a request. */
#ifndef STATUS_ACCEPT_H
#define STATUS_ACCEPT_H

#include "base/view.h"

struct media_type {
	struct view name;               /* "text/plain" */
	struct view version;            /* a range of another does not match */
};

/* Whether the field names the special type, other than as any type, and likes
 * it no less than the usual one. */
bool accept_prefers(struct view field, const struct media_type *special,
		    const struct media_type *usual);

#endif
