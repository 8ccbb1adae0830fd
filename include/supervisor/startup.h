/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From root to service: everything up to the first fork. */
#ifndef SUPERVISOR_STARTUP_H
#define SUPERVISOR_STARTUP_H

#include "supervisor/master.h"

/* Takes the configuration over and leaves the master with all that it needs
 * to fork. Returns 0 or the exit code; what was wrong is on stderr. */
int startup(struct master *m, struct config *first);

#endif
