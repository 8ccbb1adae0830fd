/* SPDX-License-Identifier: GPL-3.0-or-later */
/* USR2, seen from the program that goes: a trial, then an exec in place. */
#ifndef SUPERVISOR_UPGRADE_H
#define SUPERVISOR_UPGRADE_H

#include "supervisor/master.h"

/* Brings a wished or running upgrade on; called after every event. */
void upgrade_tick(struct master *m);

/* Whether the dead process was the trial; then its end is dealt with. */
bool upgrade_reaped(struct master *m, pid_t pid, int status);

/* Ends one, wished or running: the service ends. */
void upgrade_give_up(struct master *m, const char *why);

#endif
