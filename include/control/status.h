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

/* Times and sizes as people read them. */
enum { HUMAN_SIZE = 32 };

/* "0:02:10" or, from a day on, "3d 04:05". Returns out. */
const char *human_span(int64_t us, char out[HUMAN_SIZE]);

/* 1024 bytes or more as K, M, G with one place. Returns out. */
const char *human_bytes(uint64_t bytes, char out[HUMAN_SIZE]);

/* From then to now in microseconds; 0 where either is nonsense. */
int64_t human_elapsed(int64_t then_us, int64_t now_us);

/* Lines for people: the service as a whole, what is wrong with it first.
 * Whether all is well. */
bool status_print_summary(const struct scoreboard *b, const struct moment *m,
			  struct buf *out);

enum status_order { STATUS_BY_PLACE, STATUS_BY_SESSIONS, STATUS_BY_MAILS,
		    STATUS_BY_MEMORY };
enum { STATUS_ORDERS = STATUS_BY_MEMORY + 1, STATUS_WIDTH = 80 };

struct status_shape {
	int width;                      /* columns; 0: all that there are */
	enum status_order order;
};

/* A heading and a row a process. */
void status_print_table(const struct scoreboard *b, const struct moment *now,
			const struct status_shape *shape, struct buf *out);

#endif
