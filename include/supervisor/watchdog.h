/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is alive but does nothing any more. */
#ifndef SUPERVISOR_WATCHDOG_H
#define SUPERVISOR_WATCHDOG_H

#include "supervisor/master.h"

/* Looks at the heartbeats, if it is time. */
void watchdog_tick(struct master *m);

/* The thread of these figures that hangs, or SLOT_THREADS: its beat is older
 * than the limit, and it is not in a database call that has a deadline of
 * its own. A heart that never beat is not missed. Pure. */
enum slot_thread watchdog_judge(const struct slot_figures *f, int64_t now_us,
				int64_t limit_ms);

#endif
