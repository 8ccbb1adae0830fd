/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The moment at which the service is there, and who is told: the log, systemd,
 * and the command that -d sent to the background. */
#ifndef SUPERVISOR_READINESS_H
#define SUPERVISOR_READINESS_H

#include "supervisor/master.h"

void readiness_tick(struct master *m);

/* Logs what the start found that the operator should change. */
void readiness_advise(struct master *m);

/* -d. Forks: the parent waits and ends the program, with 0 when the child says
 * that it is ready, else with the child's exit code. Returns in the child,
 * which leads a session of its own, a descriptor for master.ready_pipe; -1
 * with errno where there is no child. */
int background_begin(void);

/* Lets the terminal go, or whoever reads our output would wait for ever. */
void background_release(void);

#endif
