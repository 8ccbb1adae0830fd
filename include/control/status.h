/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard as `-s status` shows it. */
#ifndef CONTROL_STATUS_H
#define CONTROL_STATUS_H

#include "base/buf.h"
#include "base/scoreboard.h"

/* When a scoreboard is looked at: monotonic clock and wall clock. */
struct moment {
	int64_t now_us;
	int64_t wall_us;
};

/* Lines for people: the service as a whole, what is wrong with it first.
 * Whether all is well. */
bool status_print_summary(const struct scoreboard *b, const struct moment *m,
			  struct buf *out);

/* A row a process: what fits into 80 columns, or all columns. */
void status_print_table(const struct scoreboard *b, const struct moment *now,
			bool is_wide, struct buf *out);

#endif
