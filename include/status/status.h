/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that answers over HTTP what the scoreboard says: for Prometheus,
 * for balancers, for programs. It can change nothing. */
#ifndef STATUS_STATUS_H
#define STATUS_STATUS_H

#include "base/child_context.h"
#include "store/settings.h"

#include <stddef.h>
#include <stdint.h>

struct status_duty {
	int listener;                   /* bound by the master */
	const char *hostname;           /* the service's: a good Host */
	int64_t watchdog_ms;            /* a heartbeat older than that is
					 * none */
	size_t spool_max;               /* bytes; 0: nothing is spooled */
	const struct store_settings *store;     /* its secrets are wiped */
	size_t memory;                  /* limits.memory, of a worker */
	size_t connections;             /* limits.connections */
	size_t workers;                 /* as configured */
};

/* The life of the process; returns its exit code. */
int status_run(const struct status_duty *duty,
	       const struct child_context *context);

#endif
