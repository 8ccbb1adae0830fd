/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard as one JSON document, in a terminal and over HTTP. */
#ifndef BASE_STATUS_JSON_H
#define BASE_STATUS_JSON_H

#include "base/buf.h"
#include "base/scoreboard.h"

/* One object, for programs: all that is known of the service and of each of
 * its processes. now_us is the monotonic clock, wall_us the wall clock. */
void status_print_json(const struct scoreboard *b, int64_t now_us,
		       int64_t wall_us, struct buf *out);

#endif
