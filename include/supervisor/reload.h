/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HUP: read, prove, start the new generation, retire the old one. */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include "supervisor/master.h"

/* Brings a wished or running reload on; called after every event. */
void reload_tick(struct master *m);

/* Gives a running one up and forgets wished ones: the service ends. */
void reload_cancel(struct master *m, const char *why);

/* When reload_tick is next worth a call for time alone; PROCESS_NEVER. */
int64_t reload_next_ms(const struct master *m);

#endif
