/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From root to service: everything up to the first fork. */
#ifndef SUPERVISOR_STARTUP_H
#define SUPERVISOR_STARTUP_H

#include "base/exit_code.h"
#include "supervisor/master.h"

/* Takes the configuration over and leaves the master with all that it needs
 * to fork. Returns 0 or the exit code; what was wrong is on stderr. */
int startup(struct master *m, struct config *first);

/* The times that the process table keeps under this configuration. */
struct process_times startup_times(const struct config *config);

/* Connection limits that are large enough for the configuration: new ones,
 * where those there are were made for less. -1 with errno. */
int startup_connection_limits(struct master *m, const struct config *config);

#endif
