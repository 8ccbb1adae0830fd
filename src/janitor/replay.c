/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spooled mail into the table: the columns as they were derived, under the
 * ids that were given, so that a row which is there already is met as one. */
#include "janitor/replay.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "janitor/replay_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LOOK_MS = 1000,
	LOOK_SHARE = 20                 /* of the time may go into looking */
};

struct replay *
replay_new(const struct store_settings *settings, const char *dir,
	   const struct child_context *context, struct store *store)
{
	/* The janitors of two generations are kept apart. */
	int lock = spool_lock(dir, "replay");

	if (lock < 0)
		return NULL;
	struct replay *r = memory_new(1, sizeof(*r));
	r->settings = settings;
	r->dir = dir;
	r->scoreboard = context->scoreboard;
	r->slot = context->slot;
	r->store = store;
	r->lock = lock;
	r->look_ms = INT64_MIN;
	replay_again(r);
	return r;
}

void
replay_free(struct replay **r)
{
	if (*r == NULL)
		return;
	close((*r)->lock);
	spool_names_free(&(*r)->names);
	spool_names_free(&(*r)->refused);
	retries_deinit(&(*r)->retries);
	free(*r);
	*r = NULL;
}

void
replay_again(struct replay *r)
{
	spool_names_free(&r->refused);
	r->refused = spool_list(r->dir, "refused");
	r->next_refused = 0;
	retries_all_due(&r->retries);
}

/* The earlier of two times, where 0 is none. */
static int64_t
older(int64_t a_s, int64_t b_s)
{
	return a_s == 0 || (b_s != 0 && b_s < a_s) ? b_s : a_s;
}

void
replay_add_figures(const struct replay *r, struct replay_figures *sum)
{
	sum->files += r->figures.files;
	sum->bytes += r->figures.bytes;
	sum->oldest_s = older(sum->oldest_s, r->figures.oldest_s);
	sum->set_aside += r->figures.set_aside;
	sum->set_aside_oldest_s = older(
		sum->set_aside_oldest_s, r->figures.set_aside_oldest_s);
}

int
replay_step(struct replay *r)
{
	int64_t now = clock_ms();

	/* What waits, for the scoreboard, and what a crash left: once a
	 * second, or less often where that takes long. */
	if (now >= r->look_ms) {
		struct spool_usage waiting = spool_usage(r->dir, "new");
		struct spool_usage damaged = spool_usage(r->dir, "damaged");
		struct spool_usage refused = spool_usage(r->dir, "refused");
		if (waiting.files == 0 && r->figures.files > 0 &&
		    strcmp(r->dir, r->settings->spool_dir) != 0)
			log_info("an earlier spool_dir is empty",
				 LOG_STR("dir", r->dir));
		r->figures = (struct replay_figures){
			.files = waiting.files,
			.bytes = waiting.bytes,
			.oldest_s = waiting.oldest_s,
			.set_aside = damaged.files + refused.files,
			.set_aside_oldest_s = older(damaged.oldest_s,
						    refused.oldest_s),
		};
		spool_sweep(r->dir);
		int64_t pause_ms = (clock_ms() - now) * LOOK_SHARE;
		r->look_ms = now + (pause_ms > LOOK_MS ? pause_ms : LOOK_MS);
	}
	if (r->next == r->names.count)
		replay_list(r);
	if (r->names.count == 0 && r->next_refused == r->refused.count)
		return REPLAY_IDLE_MS;
	if (!store_connect(r->store))
		return REPLAY_AWAY_MS;
	return replay_files(r);
}
