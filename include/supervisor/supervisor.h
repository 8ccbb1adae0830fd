/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master: binds, drops privileges, forks, reaps, restarts, reloads,
 * upgrades, stops. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "config/config.h"

struct supervisor_options {
	struct config_source source;    /* paths made absolute by main */
	int argc;                       /* main's own: the process title and */
	char **argv;                    /* an upgrade need them */
};

/* For main, instead of config_read: the same, but a master that takes over
 * in an upgrade never fails here: it goes back to the old program or waits
 * for a configuration that can be read. */
struct config *supervisor_boot_config(const struct supervisor_options *o,
				      struct buf *faults);

/* Runs the service with the configuration, which it owns from then on.
 * Returns the exit code: 0 stopped, 1 configuration, 3 start failure (the
 * reason is on stderr). With source.is_daemon the caller's process ends when
 * the service is ready. */
int supervisor_run(struct config *first, const struct supervisor_options *o);

#endif
