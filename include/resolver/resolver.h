/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that looks up the names in mysql.hosts: the only one from which
 * a name server can be reached, and from which nothing else can. */
#ifndef RESOLVER_RESOLVER_H
#define RESOLVER_RESOLVER_H

#include "base/child_context.h"
#include "store/host_names.h"

/* The life of the process: looks up every name now and every ten seconds, into
 * names, until the master says anything, or is gone; returns the exit code.
 * Enters the context's sandbox. */
int resolver_run(const struct store_settings *settings,
		 struct host_names *names,
		 const struct child_context *context);

#endif
