/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The moment at which the service is there, and who is told: the log, systemd,
 * and the command that -d sent to the background. */
#ifndef SUPERVISOR_READINESS_H
#define SUPERVISOR_READINESS_H

#include "supervisor/master.h"

void readiness_tick(struct master *m);

/* Logs what the start found that the operator should change. */
void readiness_advise(struct master *m);

#endif
