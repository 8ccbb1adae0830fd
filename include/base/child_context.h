/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a child process is given by the master, whatever its role. */
#ifndef BASE_CHILD_CONTEXT_H
#define BASE_CHILD_CONTEXT_H

#include "base/sandbox.h"
#include "base/scoreboard.h"

/* Bytes on the channel between master and child, one each. End of file on
 * the child's side means the master is gone: drain and leave. */
enum child_message {
	CHILD_READY = 'R',   /* child to master: it does its work now */
	CHILD_RECYCLE = 'L', /* child to master: recycle me; replace me
				 * first, then tell me to drain */
	CHILD_DRAIN = 'D',   /* close listeners, finish within
				 * timeouts.drain, exit 0 */
	CHILD_STOP = 'S',    /* the same within timeouts.shutdown, idle
				 * sessions at once */
	CHILD_QUIT = 'Q',    /* leave now */
	CHILD_REOPEN = 'O',  /* logger: open the files again */
	CHILD_PAUSE = 'P',   /* workers: 421 to newcomers, finish the rest */
	CHILD_RESUME = 'G',  /* workers: go on */
	CHILD_REPLAY = 'A',  /* janitor: try again what was set aside */
	CHILD_CLIENT = 'K'   /* signer: with it comes a socket on which a
			      * worker asks */
};

struct connection_limits;               /* net/connection_limits.h */
struct tls_context;                     /* net/tls.h */
struct log_backlog;                     /* logger/logger.h */

struct child_context {
	int number;                     /* worker N, from 1 */
	unsigned generation;
	int channel;                    /* socket to the master */
	bool is_paused;                 /* begins as after CHILD_PAUSE */
	struct scoreboard *scoreboard;
	struct scoreboard_slot *slot;
	struct connection_limits *connection_limits; /* where workers count */
	unsigned connection_region;
	struct tls_context *tls;        /* workers and signer: made by the
					 * master, without keys; NULL without
					 * a certificate */
	struct log_backlog *backlog;    /* the logger's */
	/* Entered by the child itself before its second thread starts; NULL:
	 * none. */
	const struct sandbox_rules *sandbox;
};

/* sandbox_enter() for a child that has its log. -1 where it failed, which is
 * told: the child must leave. */
int child_enter_sandbox(const struct child_context *context);

#endif
