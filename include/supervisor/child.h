/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first moments of a forked child, and what it then becomes. */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include "supervisor/master.h"

/* Lives as entry i of the process table and ends the process. */
_Noreturn void child_live(struct master *m, int i, int channel);

#endif
