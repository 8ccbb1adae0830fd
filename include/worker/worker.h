/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One worker process: the only place where smtp, mime, store and net meet. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "base/child_context.h"
#include "worker/settings.h"

/* Before fork or sandbox: everything libraries would load late. */
void worker_warm_up(void);

/* Serves until told to leave; returns the exit code. Called in the forked
 * child, with one thread. listeners[i] belongs to
 * settings->net.listeners[i]; they are shared with other workers,
 * non-blocking, and closed here when the worker drains. */
int worker_run(const struct worker_settings *settings,
	       const struct child_context *context, int *listeners);

#endif
