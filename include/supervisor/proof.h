/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the sandbox holds on this machine, as the kernel tells it. */
#ifndef SUPERVISOR_PROOF_H
#define SUPERVISOR_PROOF_H

#include "supervisor/generation.h"
#include "supervisor/process_table.h"

/* With sandbox = "strict": a child of each role enters its sandbox and looks
 * at itself. -1, and what is missing in why, where one is not closed. The
 * caller has one thread and is the account. */
int proof_of_sandboxes(const struct generation *g, struct buf *why);

/* Logs what entry e of the table is by now, and which filter it told of in its
 * slot: of many workers only the first above debug. */
void proof_log(const struct process *e, const struct config *config,
	       const struct slot_sandbox *told);

#endif
