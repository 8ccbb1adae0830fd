/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many workers there are, and who takes whose place. */
#ifndef SUPERVISOR_WORKER_COUNT_H
#define SUPERVISOR_WORKER_COUNT_H

#include "supervisor/master.h"

/* TTIN and TTOU: one worker more or fewer, at least one, until a reload. */
void worker_count_grow(struct master *m);
void worker_count_shrink(struct master *m);

/* Brings recycling on: one at a time, the successor first. */
void worker_count_tick(struct master *m);

/* A janitor and a logger of the generation in force, as soon as those of the
 * one before do not stand in the way. */
void worker_count_want_helpers(struct master *m);

#endif
