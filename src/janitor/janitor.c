/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The janitor process: a small loop around the channel to the master, with a
 * turn of work whenever one is due. */
#include "janitor/janitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "janitor/replay.h"
#include "store/events.h"
#include "store/retention.h"
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { IDLE_MS = 500 };          /* heartbeat, however long nothing is due */

struct janitor {
	const struct store_settings *settings;
	const struct child_context *context;
	struct store *store;
	const char *spools[1 + STORE_EARLIER_SPOOLS];
	struct replay *replays[1 + STORE_EARLIER_SPOOLS];
	size_t spool_count;
	struct retention *retention;
	int64_t replay_ms;              /* when each is due */
	int64_t retention_ms;
};

/* Whether the master wants us to go on. Whatever it says that is not for the
 * logger alone or for us means leave: nothing here cannot be left. */
static bool
may_go_on(struct janitor *j, int wait_ms)
{
	struct pollfd channel = { .fd = j->context->channel, .events = POLLIN };
	char word = 0;

	int ready = poll(&channel, 1, wait_ms);
	if (ready < 0)
		return errno == EINTR;
	if (ready == 0)
		return true;
	ssize_t n = read(channel.fd, &word, 1);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (size_t i = 0; word == CHILD_REPLAY && i < j->spool_count; i++) {
		j->replay_ms = 0;
		if (j->replays[i] != NULL)
			replay_again(j->replays[i]);
	}
	return n == 1 && (word == CHILD_REOPEN || word == CHILD_REPLAY);
}

/* A step of each spool, and what waits in all of them for the scoreboard. */
static void
do_replay(struct janitor *j)
{
	struct scoreboard_slot *slot = j->context->slot;
	struct replay_figures sum = { 0 };
	int wait_ms = IDLE_MS;

	for (size_t i = 0; i < j->spool_count; i++) {
		/* The lock may be with the janitor that we replace, until it
		 * leaves. */
		if (j->replays[i] == NULL)
			j->replays[i] = replay_new(j->settings, j->spools[i],
						   j->context, j->store);
		if (j->replays[i] == NULL)
			continue;
		int more_ms = replay_step(j->replays[i]);
		assert(more_ms >= 0);
		if (more_ms < wait_ms)
			wait_ms = more_ms;
		replay_add_figures(j->replays[i], &sum);
	}
	slot_gauge(slot, GAUGE_SPOOL_FILES, sum.files);
	slot_gauge(slot, GAUGE_SPOOL_BYTES, sum.bytes);
	slot_gauge(slot, GAUGE_SPOOL_OLDEST, (uint64_t)sum.oldest_s);
	slot_gauge(slot, GAUGE_SPOOL_SET_ASIDE, sum.set_aside);
	slot_gauge(slot, GAUGE_SPOOL_SET_ASIDE_OLDEST,
		   (uint64_t)sum.set_aside_oldest_s);
	j->replay_ms = clock_ms() + wait_ms;
}

/* Whatever is due; returns the ms until the next thing is. */
static int
work(struct janitor *j)
{
	int64_t now = clock_ms();

	if (now >= j->replay_ms)
		do_replay(j);
	if (now >= j->retention_ms)
		j->retention_ms = retention_step(j->retention) + clock_ms();
	int64_t next = j->replay_ms < j->retention_ms ? j->replay_ms :
							j->retention_ms;
	now = clock_ms();
	return next <= now ? 0 :
	       next - now > IDLE_MS ? IDLE_MS : (int)(next - now);
}

int
janitor_run(const struct store_settings *settings,
	    const struct child_context *context)
{
	const char ready = CHILD_READY;
	struct store_settings own = *settings;

	store_warm_up();
	own.event_socket = -1;
	if (own.event_sockets.count > 0)
		own.event_socket = events_socket();
	if (child_enter_sandbox(context) != 0)
		return 1;
	slot_set_state(context->slot, SLOT_READY);
	if (write(context->channel, &ready, 1) != 1)
		return 1;
	struct janitor j = { .settings = &own,
			     .context = context,
			     .store = store_new(&own, context->slot) };
	j.retention = retention_new(j.store);
	/* What is spooled now, and by earlier configurations. */
	if (settings->is_spool_ours)
		j.spools[j.spool_count++] = settings->spool_dir;
	for (size_t i = 0; settings->earlier_spools[i] != NULL; i++) {
		assert(j.spool_count < sizeof(j.spools) / sizeof(*j.spools));
		j.spools[j.spool_count++] = settings->earlier_spools[i];
		log_info("mail in an earlier spool_dir is replayed too",
			 LOG_STR("dir", settings->earlier_spools[i]));
	}
	for (int wait_ms = 0; may_go_on(&j, wait_ms); wait_ms = work(&j))
		slot_beat(context->slot, SLOT_DELIVERY);
	slot_set_state(context->slot, SLOT_DRAINING);
	for (size_t i = 0; i < j.spool_count; i++)
		replay_free(&j.replays[i]);
	retention_free(&j.retention);
	store_free(&j.store);
	return 0;
}
