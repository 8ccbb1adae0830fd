/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What processes use of the machine, for the scoreboard. */
#ifndef SUPERVISOR_USAGE_H
#define SUPERVISOR_USAGE_H

#include "supervisor/master.h"

#include <sys/resource.h>

/* Looks at all of them. */
void usage_tick(struct master *m);

/* The i-th has ended, and wait4() told this. */
void usage_of_dead(struct master *m, int i, const struct rusage *r);

#endif
