/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pause: newcomers get 421 4.3.2, transactions end, nothing else starts, as
 * for a change of the table. It outlives workers, reloads and upgrades. */
#ifndef SUPERVISOR_PAUSE_H
#define SUPERVISOR_PAUSE_H

#include "supervisor/master.h"

/* -s pause, with the length that was asked for, and -s resume. */
void pause_begin(struct master *m);
void pause_end(struct master *m);

/* Ends it when its time is over; answers -s pause when all workers obey. */
void pause_tick(struct master *m);

/* The master's title, which tells. */
void pause_set_title(const struct master *m);

#endif
