/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a worker ends: no new clients, idle sessions 421, transactions end,
 * and a deadline for what is left. */
#include "worker/client.h"

#include "base/process.h"

enum { HOLD_MARGIN_MS = 1000 };         /* for verdicts before the end */

static void
dismiss_if_idle(struct client *c)
{
	const struct worker *w = c->worker;
	bool has_no_time = w->is_stopping || w->state.is_paused;

	switch (c->phase) {
	case CLIENT_PROXY:
	case CLIENT_HANDSHAKE:
		/* There is no way to say it. */
		if (has_no_time)
			client_free(c);
		return;
	case CLIENT_GREET_WAIT:
		if (!has_no_time)
			return;
		client_enter(c, CLIENT_TALKING);
		break;
	case CLIENT_TALKING:
		if (c->out.len > 0 || session_is_in_transaction(c->session) ||
		    session_want(c->session) != SESSION_WANTS_INPUT ||
		    (!has_no_time && session_counts(c->session).mails == 0))
			return;
		break;
	case CLIENT_LINGERING:
		return;
	}
	client_end(c, SESSION_END_STOPPING);
}

static void
dismiss_idle(struct worker *w)
{
	for (size_t i = 0; i < w->client_slots; i++)
		if (w->clients[i] != NULL)
			dismiss_if_idle(w->clients[i]);
}

void
worker_pause(struct worker *w, bool is_paused)
{
	w->state.is_paused = is_paused;
	if (w->is_draining)
		return;
	w->state.is_draining = is_paused;
	if (w->is_ready)
		slot_set_state(w->context->slot,
			       is_paused ? SLOT_PAUSED : SLOT_READY);
	title_set("worker %d%s", w->context->number,
		  is_paused ? " (paused)" : "");
	if (is_paused)
		dismiss_idle(w);
}

/* The time to drain is over: whoever is still there gets a 421, except
 * those whose message is with the database: what it says is not known. */
static void
on_drain_due(struct loop *loop, struct timer *timer)
{
	struct worker *w = worker_of(loop);
	size_t left = 0;

	(void)timer;
	for (size_t i = 0; i < w->client_slots; i++) {
		struct client *c = w->clients[i];
		if (c == NULL)
			continue;
		left++;
		if (c->phase == CLIENT_TALKING && c->submitted == NULL &&
		    c->out.len == 0) {
			session_end(c->session, SESSION_END_STOPPING,
				    &c->out);
			client_flush(c);
		}
		client_free(c);
	}
	if (left > 0)
		log_warn("sessions were cut at the deadline",
			 LOG_NUM("sessions", left));
	w->is_done = true;
}

void
worker_begin_drain(struct worker *w, bool is_stop)
{
	int64_t most_ms = is_stop ? w->settings->shutdown_ms
				  : w->settings->drain_ms;
	int64_t end_ms = w->loop.now_ms + most_ms;

	if (w->is_draining && (w->is_stopping || !is_stop))
		return;
	if (!w->is_draining)
		w->draining_ms = w->loop.now_ms;
	w->is_draining = true;
	w->is_stopping = is_stop;
	w->state.is_draining = true;
	slot_set_state(w->context->slot, SLOT_DRAINING);
	worker_close_listeners(w);
	w->drain_timer.due = on_drain_due;
	loop_set_timer(&w->loop, &w->drain_timer, end_ms);
	delivery_hold_until(w->delivery, end_ms - HOLD_MARGIN_MS);
	log_debug(is_stop ? "worker stops" : "worker drains",
		 LOG_NUM("sessions", w->client_count),
		 LOG_NUM("seconds_at_most", most_ms / 1000));
	dismiss_idle(w);
	worker_reset_deadlines(w);
}
