/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The janitor process: puts spooled mail into the table once a host can be
 * written, and takes expired mail out of it. */
#ifndef JANITOR_JANITOR_H
#define JANITOR_JANITOR_H

#include "base/child_context.h"
#include "store/settings.h"

/* Works until told to leave by a word on its channel, or its end;
 * returns the exit code. Called in the forked child, in its sandbox, after
 * store_warm_up. Needs to write below settings->spool_dir. */
int janitor_run(const struct store_settings *settings,
		const struct child_context *context);

#endif
