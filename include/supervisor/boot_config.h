/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first configuration of a process. */
#ifndef SUPERVISOR_BOOT_CONFIG_H
#define SUPERVISOR_BOOT_CONFIG_H

#include "supervisor/handover.h"
#include "supervisor/supervisor.h"

/* Where to read from: the paths of the first start count, wherever we are
 * now. Points into both arguments. */
struct config_source boot_config_source(const struct config_source *own,
					const struct handover *h);

/* In the middle of an upgrade: says why, empties it, and waits for a
 * configuration that can be read; the children serve meanwhile. Signals are
 * still blocked from before the exec; one that ends the service is obeyed. */
struct config *boot_config_await(const struct config_source *source,
				 struct buf *why);

#endif
