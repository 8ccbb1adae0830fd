/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker watches of itself: heartbeat, pressure, memory, and when it
 * is time to be replaced. */
#include "worker/client.h"

#include "net/tls_context.h"
#include "worker/mail_log.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEARTBEAT_MS = 500, TRIM_BYTES = 8 << 20 };

static size_t
resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	char line[100] = "", *second = line;

	if (f == NULL)
		return 0;
	/* Pages in all, those resident, and more; 0 where it cannot be read. */
	if (fgets(line, sizeof(line), f) != NULL)
		strtoul(line, &second, 10);
	size_t resident = strtoul(second, NULL, 10);
	fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Libraries leak: after so many mails, or at that size, a worker asks to be
 * replaced. The master does that one at a time. */
static void
ask_for_replacement(struct worker *w)
{
	static const char word = CHILD_RECYCLE;
	size_t most_rss = w->settings->recycle_rss;

	if (w->has_asked_to_recycle || w->is_draining)
		return;
	if ((w->recycle_mails == 0 || w->mails < w->recycle_mails) &&
	    (most_rss == 0 || resident_bytes() < most_rss))
		return;
	w->has_asked_to_recycle = write(w->context->channel, &word, 1) == 1;
	if (w->has_asked_to_recycle)
		log_info("worker asks to be replaced",
			 LOG_NUM("mails", w->mails));
}

/* Nearly all slots are used, over all workers: deadlines get short. */
static void
update_pressure(struct worker *w)
{
	size_t most = w->settings->connections;
	bool was = w->state.is_under_pressure;

	w->state.is_under_pressure =
		connection_limits_total(w->connections.connection_limits) >=
		most - most / 10;
	if (w->state.is_under_pressure == was)
		return;
	if (!was)
		log_warn("connections are nearly used up: timeouts shrink",
			 LOG_NUM("limit", most));
	worker_reset_deadlines(w);
}

void
worker_on_heartbeat(struct loop *loop, struct timer *timer)
{
	struct worker *w = worker_of(loop);
	struct scoreboard_slot *slot = w->context->slot;

	slot_beat(slot, SLOT_LOOP);
	slot_gauge(slot, GAUGE_SESSIONS, w->client_count);
	slot_gauge(slot, GAUGE_ADDRESSES,
		   connection_addresses(&w->connections));
	slot_gauge(slot, GAUGE_ADDRESSES_LIMIT,
		   connection_addresses_limit(&w->connections));
	slot_gauge(slot, GAUGE_MEMORY, w->budget.used);
	w->state.is_tls_broken = w->context->tls != NULL &&
				 tls_context_is_broken(w->context->tls);
	update_pressure(w);
	ask_for_replacement(w);
	/* Memory that large mail needed, and nothing needs now, goes back to
	 * the system. */
	if (w->memory_peak - w->budget.used >= TRIM_BYTES) {
		w->memory_peak = w->budget.used;
#ifdef __GLIBC__
		malloc_trim(0);
#endif
	}
	refusal_log_sweep(w->refusals, loop->now_ms);
	w->is_store_behind =
		w->state.is_store_away &&
		scoreboard_sum(w->context->scoreboard, GAUGE_STORE_UP) > 0;
	loop_set_timer(loop, timer, loop->now_ms + HEARTBEAT_MS);
}

static struct client *
largest_unfinished(struct worker *w)
{
	struct client *largest = NULL;
	size_t most = 0;

	for (size_t i = 0; i < w->client_slots; i++) {
		struct client *c = w->clients[i];
		/* A complete one is delivery's, now or in a moment. */
		if (c == NULL || c->session == NULL || c->submitted != NULL ||
		    session_want(c->session) == SESSION_WANTS_DELIVERY)
			continue;
		size_t bytes = session_message_bytes(c->session);
		if (bytes > most) {
			most = bytes;
			largest = c;
		}
	}
	return largest;
}

/* Tight: take no more in. Full: the largest unfinished message goes, so that
 * the many small ones do not. */
void
worker_update_memory(struct worker *w)
{
	struct budget *b = &w->budget;

	while (b->used >= b->limit - b->limit / 16) {
		struct client *c = largest_unfinished(w);
		if (c == NULL)
			break;
		client_log(LOG_LEVEL_WARN, c, "limits.memory is used: the "
			   "largest unfinished message is given up");
		session_give_up_message(c->session);
	}
	if (b->used > w->memory_peak)
		w->memory_peak = b->used;
	w->state.is_memory_tight = budget_is_tight(b);
	worker_update_listeners(w);
}
