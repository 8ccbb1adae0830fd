/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a worker ends: no new clients, idle sessions 421, transactions end,
 * and a deadline for what is left. */
#include "worker/client.h"

#include "base/process.h"

enum { HOLD_MARGIN_MS = 1000 };         /* for verdicts before the end */

static bool
is_idle(const struct worker *w, const struct client *c)
{
	bool has_no_time = w->is_stopping || w->state.is_paused;

	if (c->phase != CLIENT_TALKING)
		return has_no_time && c->phase != CLIENT_LINGERING;
	return c->out.len == 0 && !session_is_in_transaction(c->session) &&
	       session_want(c->session) == SESSION_WANTS_INPUT &&
	       (has_no_time || session_mails(c->session) > 0);
}

static void
dismiss(struct client *c)
{
	/* In TLS or PROXY there is no way to say it; in GREET_WAIT there is. */
	if (c->phase == CLIENT_PROXY || c->phase == CLIENT_HANDSHAKE) {
		client_free(c);
		return;
	}
	if (c->phase == CLIENT_GREET_WAIT)
		client_enter(c, CLIENT_TALKING);
	client_end(c, SESSION_END_STOPPING);
}

static void
dismiss_idle(struct worker *w)
{
	for (size_t i = 0; i < w->client_slots; i++)
		if (w->clients[i] != NULL && is_idle(w, w->clients[i]))
			dismiss(w->clients[i]);
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
	loop_set_timer(&w->loop, &w->drain_timer, end_ms);
	delivery_hold_until(w->delivery, end_ms - HOLD_MARGIN_MS);
	log_debug(is_stop ? "worker stops" : "worker drains",
		 LOG_NUM("sessions", w->client_count),
		 LOG_NUM("seconds_at_most", most_ms / 1000));
	dismiss_idle(w);
	worker_reset_deadlines(w);
}

/* The time to drain is over: whoever is still there gets a 421, except
 * those whose message is with the database: what it says is not known. */
void
worker_on_drain_due(struct loop *loop, struct timer *timer)
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
