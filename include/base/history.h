/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the service did in the last hour and in the last day, on the
 * scoreboard: written by the master, so that it outlives every child, reload
 * and upgrade; read by all. */
#ifndef BASE_HISTORY_H
#define BASE_HISTORY_H

#include "base/scoreboard.h"

enum history_span { HISTORY_HOUR, HISTORY_DAY, HISTORY_SPANS };

/* 5 seconds a sample, or a minute. */
enum { HISTORY_HOUR_SAMPLES = 720, HISTORY_DAY_SAMPLES = 1440,
       HISTORY_MOST_SAMPLES = HISTORY_DAY_SAMPLES };

/* Of a sample. Counts are of its time; gauges are those at its end. */
enum history_field {
	HISTORY_AT_S,                   /* its end, since 1970; 0: none */
	HISTORY_MS,                     /* how long it was */
	HISTORY_STORED, HISTORY_SPOOLED, HISTORY_DISCARDED, HISTORY_REFUSED,
	HISTORY_DEFERRED,
	HISTORY_REPLY_P50_US, HISTORY_REPLY_P99_US,
	HISTORY_COMMIT_P50_US, HISTORY_COMMIT_P99_US,
	HISTORY_BATCHES, HISTORY_ROWS,
	HISTORY_SESSIONS, HISTORY_QUEUE, HISTORY_SPOOL,
	HISTORY_CPU_MS,                 /* of all processes */
	HISTORY_FIELDS
};

struct history_sample {
	uint32_t at[HISTORY_FIELDS];
};

/* By the master, often: takes a sample where one is due. */
void history_take(struct scoreboard *b, int64_t now_us, int64_t wall_us);

/* Copies the samples there are, oldest first; returns how many. */
size_t history_read(const struct scoreboard *b, enum history_span span,
		    struct history_sample out[HISTORY_MOST_SAMPLES]);

/* How often each reply was said in the last minute. */
void history_read_replies(const struct scoreboard *b,
			  uint64_t out[SERIES_VALUES]);

#endif
