/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of one spool_dir on their way into the table. */
#ifndef JANITOR_REPLAY_FILES_H
#define JANITOR_REPLAY_FILES_H

#include "janitor/replay.h"
#include "janitor/retries.h"

/* What a step says of the time until the next one. */
enum {
	REPLAY_IDLE_MS = 500,           /* nothing is due: look again */
	REPLAY_AWAY_MS = 200            /* no database host */
};

struct replay {
	const struct store_settings *settings;
	const char *dir;
	struct scoreboard *scoreboard;
	struct scoreboard_slot *slot;
	struct store *store;
	int lock;
	struct replay_figures figures;
	struct spool_names names;       /* in new/, as last listed */
	size_t next;                    /* of them */
	size_t alone_until;             /* names before it go one by one */
	struct spool_names refused;     /* set aside, and to be tried again */
	size_t next_refused;
	struct retries retries;
	uint64_t stored;                /* messages, of this folder */
	uint64_t accepted;              /* by the workers, at the last group */
	bool has_told_newer;
	bool has_told_general;          /* that nothing gets into the table */
	int64_t look_ms;
};

/* Reads the names in new/ again, and begins with the first. What has trouble
 * is known by its name, and stays so. */
void replay_list(struct replay *r);

/* Brings the next files to the database, which is there. Returns the ms after
 * which there may be more to do. */
int replay_files(struct replay *r);

#endif
