/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the master knows, for the sources of this room. */
#ifndef SUPERVISOR_MASTER_H
#define SUPERVISOR_MASTER_H

#include "logger/logger.h"
#include "net/census.h"
#include "net/tls.h"
#include "supervisor/activation.h"
#include "supervisor/roster.h"
#include "supervisor/supervisor.h"
#include "supervisor/verbs.h"

/* What the children of one configuration are given. */
struct generation {
	unsigned number;
	struct config *config;          /* NULL: there is none */
	int *listeners;                 /* one for each of the config's */
	struct tls_context *tls;        /* NULL without a certificate */
	int log_file;                   /* the logger's target; -1: no file */
	struct sandbox_rules cages[SLOT_STATUS + 1];    /* by role */
	char log_dir[256];              /* for the logger's cage */
};

/* The living side of an entry of the roster. */
struct child {
	int channel;                    /* -1: none */
	int census_region;              /* -1: none */
};

enum phase {
	MASTER_SERVING,
	MASTER_STOPPING,                /* graceful, with a deadline */
	MASTER_QUITTING                 /* at once */
};

struct master {
	const struct supervisor_options *options;
	enum phase phase;
	struct generation now;          /* in force */
	struct generation next;         /* a reload under way */
	bool wants_reload;
	int64_t reload_began_ms;
	bool is_ready;                  /* was so once */
	int ready_pipe;                 /* -d: to the waiting parent; -1 */

	struct roster roster;
	struct child children[SCOREBOARD_SLOTS];
	struct scoreboard *board;
	int board_fd;
	struct board_figures figures;
	struct census *census;

	int lines[2];                   /* log_pair */
	struct logger_desk *desk;
	struct activation activation;
	struct verbs verbs;
	int signals;
	int pid_file;
	int64_t next_look_ms;           /* of the watchdog */
	int64_t next_progress_ms;       /* of a stop */
};

#endif
