/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials in a sandbox: each is a child; its exit code tells. */
#ifndef SUPPORT_SANDBOX_FIXTURE_H
#define SUPPORT_SANDBOX_FIXTURE_H

#include "base/sandbox.h"
#include "base/scoreboard_master.h"

#include <netinet/in.h>

/* What a trial returns. CANNOT: the sandbox could not be closed. */
enum { DONE = 0, REFUSED = 10, WRONG = 11, CANNOT = 12, OWN_SLOT = 2 };

/* The rights of the roles, as supervisor/roles.c gives them. */
enum {
	AS_WORKER = SANDBOX_THREADS | SANDBOX_STORES | SANDBOX_SERVES,
	AS_JANITOR = SANDBOX_STORES,
	AS_LOGGER = SANDBOX_LOGS,
	AS_STATUS = SANDBOX_SERVES,
	AS_SIGNER = SANDBOX_THREADS | SANDBOX_SIGNS,
	AS_RESOLVER = SANDBOX_THREADS | SANDBOX_RESOLVES,
	AS_NOTHING = 0
};

extern char sandbox_inside[], sandbox_outside[];        /* directories */
extern char sandbox_secret[];                           /* a file outside */
extern struct sockaddr_in sandbox_database, sandbox_elsewhere;
extern struct scoreboard *sandbox_board;        /* a trial sits in OWN_SLOT */

/* The exit code of the trial, or minus the signal that ended it. Its
 * database is reached by TCP. */
int sandbox_run(enum sandbox_mode mode, unsigned rights,
		int (*trial)(void));
int sandbox_run_with(const struct sandbox_rules *rules, int (*trial)(void));

int sandbox_set_up(void **unused);
int sandbox_clear_up(void **unused);

#endif
