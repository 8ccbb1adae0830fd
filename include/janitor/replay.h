/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spooled mail, oldest first, into the table. */
#ifndef JANITOR_REPLAY_H
#define JANITOR_REPLAY_H

#include "base/scoreboard.h"
#include "store/store.h"

struct replay;

/* Of the folder dir, which the master holds the lock of; all arguments must
 * outlive it. NULL while another janitor has not let go of it. */
struct replay *replay_new(const struct store_settings *settings,
			  const char *dir, struct scoreboard_slot *slot,
			  struct store *store);
void replay_free(struct replay **r);

/* One file, if there is one and the database takes it. Returns the ms after
 * which there may be more to do. */
int replay_step(struct replay *r);

/* What was there a moment ago. */
struct replay_figures {
	uint64_t files;
	uint64_t bytes;
	uint64_t set_aside;             /* files */
	int64_t oldest_s;               /* that waits, since 1970; 0: none */
};
void replay_add_figures(const struct replay *r, struct replay_figures *sum);

#endif
