/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the master knows, for the sources of this room. */
#ifndef SUPERVISOR_MASTER_H
#define SUPERVISOR_MASTER_H

#include "base/exit_code.h"
#include "logger/logger.h"
#include "net/connection_limits.h"
#include "net/tls.h"
#include "supervisor/control_socket.h"
#include "supervisor/generation.h"
#include "supervisor/handover.h"
#include "supervisor/process_table.h"
#include "supervisor/supervisor.h"

/* The living side of an entry of the process table. */
struct child {
	int channel;                    /* -1: none */
	struct connection_limits *connection_limits; /* where a worker counts */
	int region;
	int questions;                  /* of a worker, the signer's end; -1 */
	bool wants_recycle;             /* it asked to be recycled */
	pid_t hung_thread;              /* 0: unknown */
	int64_t cpu_us;                 /* counted so far; -1: not by us */
	enum restart_cause ended_by;    /* the one before it */
};

#define NO_CHILD ((struct child){ .channel = -1, .region = -1, \
				  .questions = -1, .cpu_us = -1 })

enum { MASTER_BACKLOGS = 8, MASTER_PATH_SIZE = 4096 };

/* An upgrade, seen from the old program. */
struct upgrade {
	bool is_wanted;
	int program;                    /* the new file; -1 */
	pid_t trial;                    /* 0: none runs */
	int words;                      /* what the trial says on stderr */
	int64_t until_ms;
	bool is_proven;                 /* the trial did well: exec is next */
};

/* And from the new one, until its own generation serves. */
struct takeover {
	bool is_under_way;
	bool has_told;                  /* that it takes longer */
	struct config handed_config;    /* only the names of listeners */
	struct generation handed;
	struct arena arena;             /* of what was handed over */
};

enum phase {
	MASTER_SERVING,
	MASTER_STOPPING,                /* graceful, with a deadline */
	MASTER_QUITTING                 /* at once */
};

struct master {
	struct supervisor_options options;      /* a copy of its own */
	enum phase phase;
	struct generation now;          /* in force */
	struct generation next;         /* brought up; config NULL: none */
	unsigned generations;           /* the last number given */
	bool wants_reload;
	int64_t paused_until_ms;        /* 0: no; PROCESS_NEVER: no end */
	int64_t pause_answer_ms;        /* 0: nobody waits for it */
	int64_t reload_began_ms;
	bool is_ready;                  /* was so once */
	struct buf advice;              /* of the start, for the log */
	int64_t ready_ms;
	int ready_pipe;                 /* -d: to the waiting parent; -1 */

	struct process_table processes;
	struct child children[SCOREBOARD_SLOTS];
	pid_t dead[SCOREBOARD_SLOTS];   /* reaped just now */
	size_t dead_count;
	struct scoreboard *scoreboard;
	int scoreboard_fd;
	struct scoreboard_figures figures;
	struct connection_limits *connection_limits; /* for new workers */
	size_t connection_regions;
	size_t counted_connections;

	int lines[2];                   /* log_pair */
	int backlogs;                   /* MASTER_BACKLOGS, by generation */
	int tickets;                    /* the signers': not mapped here */
	struct control_socket control;
	int signals;
	int pid_file;
	struct spool_claims spools;
	char program[MASTER_PATH_SIZE]; /* noted at the first start */
	struct upgrade upgrade;
	struct takeover takeover;
	int64_t cpu_us;                 /* of this process, as a child's */
	int64_t next_publish_ms;        /* the scoreboard */
	int64_t next_look_ms;           /* of the watchdog */
	int64_t next_feed_ms;           /* of systemd's */
	int64_t next_progress_ms;       /* of a stop */
	int64_t next_expiry_ms;         /* of certificates */
	unsigned expiry_generation;     /* whose were looked at last */
	bool has_said_stopped;
};

/* Where to read the configuration from: the paths of the first start count,
 * wherever we are now. Points into both arguments. */
struct config_source master_source(const struct config_source *own,
				   const struct handover *h);

/* In the middle of an upgrade: says why, empties it, and waits for a
 * configuration that can be read; the children serve meanwhile. Signals are
 * still blocked from before the exec; one that ends the service is obeyed. */
struct config *master_await_config(const struct config_source *source,
				   struct buf *why);

/* A master that has nothing yet; its options are copied, since they may point
 * into main's arguments, where titles will lie. `h`: what a program before
 * this one handed over, if any. */
struct master *master_new(const struct supervisor_options *o,
			  const struct handover *h);

/* The master's log lines go to the logger, as the configuration says. */
void master_init_log(const struct master *m);

/* The times that the process table keeps under this configuration. */
struct process_times master_times(const struct config *config);

/* Connection limits that are large enough for the configuration: new ones,
 * where those there are were made for less. -1 with errno. */
int master_make_connection_limits(struct master *m,
				  const struct config *config);

/* Raises RLIMIT_NOFILE to what a worker of this configuration can need. -1
 * with the reason, and what helps, in why. */
int master_raise_files(const struct config *config, struct buf *why);

/* No file that this process writes may grow beyond so many bytes (EFBIG), for
 * ever. */
void master_limit_file_size(size_t most);

/* Whether a crash of this process may leave a core file. */
void master_allow_core(bool dumps_core);

#endif
