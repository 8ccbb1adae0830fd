/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spooled mail, oldest first, into the table. */
#ifndef JANITOR_REPLAY_H
#define JANITOR_REPLAY_H

#include "base/scoreboard.h"
#include "store/store.h"

struct replay;

/* None where spool_dir is not ours to empty: NULL. */
struct replay *replay_new(const struct store_settings *settings,
			  struct scoreboard_slot *slot, struct store *store);
void replay_free(struct replay **r);

/* One file, if there is one and the database takes it. Returns the ms after
 * which there may be more to do. */
int replay_step(struct replay *r);

#endif
