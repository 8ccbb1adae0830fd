/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spooled mail, oldest first, into the table. */
#ifndef JANITOR_REPLAY_H
#define JANITOR_REPLAY_H

#include "base/child_context.h"
#include "store/store.h"

struct replay;

/* Of the folder dir, which the master holds the lock of; all arguments must
 * outlive it. NULL while another janitor has not let go of it. */
struct replay *replay_new(const struct store_settings *settings,
			  const char *dir, const struct child_context *context,
			  struct store *store);

/* Gives the lock back, too. NULL is taken. */
void replay_free(struct replay **r);

/* A few files, if there are some and the database takes them. Returns the ms,
 * 0 or more, after which there may be more to do. */
int replay_step(struct replay *r);

/* Tries at once what failed before, also what was set aside as refused; done
 * by replay_new too. */
void replay_again(struct replay *r);

/* What was there a moment ago. */
struct replay_figures {
	uint64_t files;
	uint64_t bytes;
	int64_t oldest_s;               /* since 1970; 0: none */
	uint64_t set_aside;             /* files */
	int64_t set_aside_oldest_s;
};

/* Adds those of one folder to the sum of all. */
void replay_add_figures(const struct replay *r, struct replay_figures *sum);

#endif
