/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The janitor process: a small loop around the channel to the master, with a
 * turn of work whenever one is due. */
#include "janitor/janitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "janitor/replay.h"
#include "store/retention.h"
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
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

static void
replay_all_again(struct janitor *j)
{
	for (size_t i = 0; i < j->spool_count; i++)
		if (j->replays[i] != NULL)
			replay_again(j->replays[i]);
	j->replay_ms = 0;
}

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
	if (n == 1 && word == CHILD_REPLAY)
		replay_all_again(j);
	return n == 1 && (word == CHILD_REOPEN || word == CHILD_REPLAY);
}

/* What is spooled now, and by earlier configurations. */
static void
list_spools(struct janitor *j)
{
	const struct store_settings *s = j->settings;

	if (s->is_spool_ours)
		j->spools[j->spool_count++] = s->spool_dir;
	for (size_t i = 0; s->earlier_spools[i] != NULL; i++) {
		j->spools[j->spool_count++] = s->earlier_spools[i];
		log_info("mail in an earlier spool_dir is replayed too",
			 LOG_STR("dir", s->earlier_spools[i]));
	}
}

static void
show_figures(const struct janitor *j)
{
	struct replay_figures sum = { 0 };

	for (size_t i = 0; i < j->spool_count; i++)
		if (j->replays[i] != NULL)
			replay_add_figures(j->replays[i], &sum);
	slot_gauge(j->context->slot, GAUGE_SPOOL_FILES, sum.files);
	slot_gauge(j->context->slot, GAUGE_SPOOL_BYTES, sum.bytes);
	slot_gauge(j->context->slot, GAUGE_SPOOL_OLDEST,
		   (uint64_t)sum.oldest_s);
	slot_gauge(j->context->slot, GAUGE_SPOOL_SET_ASIDE, sum.set_aside);
	slot_gauge(j->context->slot, GAUGE_SPOOL_SET_ASIDE_OLDEST,
		   (uint64_t)sum.set_aside_oldest_s);
}

/* The lock may be with the janitor that we replace, until it leaves. */
static void
do_replay(struct janitor *j)
{
	int wait_ms = IDLE_MS;

	for (size_t i = 0; i < j->spool_count; i++) {
		if (j->replays[i] == NULL)
			j->replays[i] = replay_new(j->settings, j->spools[i],
						   j->context, j->store);
		int more_ms = j->replays[i] != NULL
				      ? replay_step(j->replays[i])
				      : IDLE_MS;
		if (more_ms < wait_ms)
			wait_ms = more_ms;
	}
	show_figures(j);
	j->replay_ms = clock_ms() + wait_ms;
}

static void
do_retention(struct janitor *j)
{
	j->retention_ms = retention_step(j->retention) + clock_ms();
}

/* Whatever is due; returns the ms until the next thing is. */
static int
work(struct janitor *j)
{
	int64_t now = clock_ms();

	if (now >= j->replay_ms)
		do_replay(j);
	if (now >= j->retention_ms)
		do_retention(j);
	int64_t next = j->replay_ms < j->retention_ms ? j->replay_ms :
							j->retention_ms;
	now = clock_ms();
	return next <= now ? 0 :
	       next - now > IDLE_MS ? IDLE_MS : (int)(next - now);
}

static bool
settle_in(const struct store_settings *settings,
	  const struct child_context *context)
{
	const char ready = CHILD_READY;

	store_warm_up(settings);
	if (sandbox_enter(context->sandbox, context->slot) != 0) {
		log_error("the sandbox cannot be entered",
			  LOG_STR("why", strerror(errno)));
		return false;
	}
	slot_set_state(context->slot, SLOT_READY);
	return write(context->channel, &ready, 1) == 1;
}

int
janitor_run(const struct store_settings *settings,
	    const struct child_context *context)
{
	if (!settle_in(settings, context))
		return 1;
	struct janitor j = { .settings = settings,
			     .context = context,
			     .store = store_new(settings, context->slot) };
	j.retention = retention_new(j.store);
	list_spools(&j);
	for (int wait_ms = 0; may_go_on(&j, wait_ms); wait_ms = work(&j))
		slot_beat(context->slot, SLOT_DELIVERY);
	slot_set_state(context->slot, SLOT_DRAINING);
	for (size_t i = 0; i < j.spool_count; i++)
		replay_free(&j.replays[i]);
	retention_free(&j.retention);
	store_free(&j.store);
	return 0;
}
