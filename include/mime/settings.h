/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of a hostile message the parser may see, filled by config. */
#ifndef MIME_SETTINGS_H
#define MIME_SETTINGS_H

#include "base/view.h"

#include <stdint.h>

struct mime_settings {
	size_t header_lines;
	size_t header_bytes;
	size_t header_field;
	size_t header_colons;
	size_t boundary_lines;
	size_t multiparts;
	size_t mime_parts;
	size_t mime_depth;
	int64_t cpu_us;                 /* deadline for one message */

	/* Whether the domain (as found in a header; any case) is hosted. */
	bool (*is_hosted)(void *context, struct view domain);
	void *context;
};

#endif
