/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard as `-s status` shows it. */
#ifndef CONTROL_STATUS_H
#define CONTROL_STATUS_H

#include "base/buf.h"
#include "base/scoreboard.h"

/* Lines for people: the master, then a row a process. now_us is the
 * monotonic clock, wall_us the wall clock. */
void status_print_table(const struct scoreboard *b, int64_t now_us,
			int64_t wall_us, struct buf *out);

#endif
