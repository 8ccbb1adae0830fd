/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first configuration of a process, and the way back without one. */
#ifndef SUPERVISOR_BOOT_CONFIG_H
#define SUPERVISOR_BOOT_CONFIG_H

#include "supervisor/handover.h"
#include "supervisor/supervisor.h"

/* Where to read from: the paths of the first start count, wherever we are
 * now. Points into both arguments. */
struct config_source boot_config_source(const struct config_source *own,
					const struct handover *h);

/* Executes the old program, whose descriptor was kept for this. Returns only
 * where even that fails. */
void boot_config_go_back(struct handover *h, const struct supervisor_options *o,
			 const char *why);

#endif
