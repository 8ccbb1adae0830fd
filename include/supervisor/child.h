/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first moments of a forked child, and what it then becomes. */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include "supervisor/master.h"

/* Its ends of what the master has made for it. */
struct child_ends {
	int channel;
	int questions;          /* to the signer; -1: there is none */
};

/* Makes the channel, and for a worker with TLS a pair of sockets that only it
 * and its signer are given. -1 with errno; what is there is closed with the
 * other function, -1 for what is not. */
int child_ends_make(struct master *m, int i, struct child_ends *ours,
		    struct child_ends *own);
void child_ends_close(const struct child_ends *ends);

/* Brings signer and workers together, in the master, whichever of them was
 * just forked as entry i: those before wait for it. */
void child_introduce(struct master *m, int i);

/* Lives as entry i of the process table and ends the process. */
_Noreturn void child_live(struct master *m, int i,
			  const struct child_ends *own);

/* The generation that a process is of, or the one in force. */
struct generation *child_generation(struct master *m, const struct process *e);

#endif
