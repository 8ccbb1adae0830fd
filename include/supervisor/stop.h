/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end: graceful with a deadline, or at once. */
#ifndef SUPERVISOR_STOP_H
#define SUPERVISOR_STOP_H

#include "supervisor/master.h"

/* TERM and INT: gracefully the first time, at once the second. */
void stop_gracefully(struct master *m);
void stop_at_once(struct master *m);

/* Brings a stop on; true when nobody is left. */
bool stop_tick(struct master *m);

/* The last things: socket files, pid file, the answer to who asked. */
void stop_finish(struct master *m);

#endif
