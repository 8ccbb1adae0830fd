/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `-s top`: what the service does, seen live in a terminal. */
#ifndef CONTROL_TOP_H
#define CONTROL_TOP_H

#include "base/exit_code.h"
#include "control/status.h"

enum { TOP_HISTORY = 60, TOP_WINDOW = 10 };

/* How long something took in the last looks. */
struct top_times {
	struct histogram now;
	struct histogram then[TOP_WINDOW];      /* the newest first */
};

struct top_screen {
	int64_t looked_us;              /* monotonic; 0: never */
	pid_t master;
	uint64_t counters[SLOT_COUNTERS];
	double rates[SLOT_COUNTERS];    /* a second */
	double history[TOP_HISTORY];    /* of accepted mails, the newest last */
	size_t history_count;
	struct top_times reply, commit;

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

/* Reads the scoreboard each second until 'q' or a signal; follows upgrades
 * and restarts. Where stdout is no terminal that can be drawn on: a line a
 * second. EXIT_DONE, or EXIT_REFUSED where nothing can be read at first. */
enum exit_code top_run(const char *run_dir, const char *pid_file);

#endif
