/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `-s top` shows: rates from one look at the scoreboard to the next. */
#ifndef CONTROL_TOP_SCREEN_H
#define CONTROL_TOP_SCREEN_H

#include "control/status.h"

enum { TOP_HISTORY = 60 };

struct top_screen {
	int64_t looked_us;              /* monotonic; 0: never */
	pid_t master;
	uint64_t counters[SLOT_COUNTERS];
	double rates[SLOT_COUNTERS];    /* a second */
	double history[TOP_HISTORY];    /* of accepted mails, the newest last */
	size_t history_count;

	int columns, rows;              /* of the terminal */
	enum status_order order;
	bool is_summary;                /* without the rows of processes */
	bool is_utf8;
	bool has_color;
};

/* One more look. b NULL: nothing runs now. */
void top_look(struct top_screen *t, const struct scoreboard *b,
	      const struct moment *now);

/* Appends the screen, lines that end in LF and fit it. b NULL: says that it
 * waits. */
void top_draw(const struct top_screen *t, const struct scoreboard *b,
	      const struct moment *now, struct buf *out);

/* Appends the rates as one line, for what is no terminal. */
void top_print_line(const struct top_screen *t, const struct scoreboard *b,
		    const struct moment *now, struct buf *out);

#endif
