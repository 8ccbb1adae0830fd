/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a client may take for what it does: RFC 5321 4.5.3.2, and the
 * shorter deadlines of a server that is nearly full. Each client has one
 * timer, at the nearest of the deadlines that apply. */
#include "worker/client.h"

enum {
	LINGER_MS = 2 * 1000,
	IDLE_DRAIN_MS = 5 * 1000,       /* for a session without a mail yet */
	RATE_GRACE_MS = 10 * 1000       /* before min_rate is looked at */
};

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When the average of the data so far falls below min_rate, if nothing more
 * comes. */
static int64_t
rate_deadline(const struct client *c)
{
	size_t min_rate = c->worker->settings->min_rate;
	size_t bytes = session_data_bytes(c->session);

	if (min_rate == 0)
		return INT64_MAX;
	return c->data_ms + RATE_GRACE_MS +
	       (int64_t)(bytes / min_rate * 1000 +
			 bytes % min_rate * 1000 / min_rate);
}

bool
client_is_slow(const struct client *c)
{
	return c->data_ms != 0 && c->worker->loop.now_ms >= rate_deadline(c);
}

static int64_t
input_deadline(const struct client *c)
{
	const struct worker *w = c->worker;
	int64_t at = c->command_ms + w->settings->command_ms;

	if (c->data_ms != 0 && c->out.len == 0)
		at = earlier(c->heard_ms + w->settings->data_ms,
			     rate_deadline(c));

	/* A chunk that is only skipped belongs to no transaction. */
	int64_t began_ms = c->transaction_ms != 0 ? c->transaction_ms
						  : c->data_ms;
	if (began_ms != 0)
		at = earlier(at, began_ms + w->settings->transaction_ms);
	else if (w->is_draining)
		at = earlier(at,
			     (c->command_ms > w->draining_ms ? c->command_ms
							     : w->draining_ms) +
				     IDLE_DRAIN_MS);
	if (w->state.is_under_pressure)
		at = earlier(at, c->heard_ms + PRESSURE_MS);
	return at;
}

static int64_t
talking_deadline(const struct client *c)
{
	if (c->out.len > 0)
		return input_deadline(c);
	switch (session_want(c->session)) {
	case SESSION_WANTS_INPUT:
		return input_deadline(c);
	case SESSION_WANTS_DOMAINS:
	case SESSION_WANTS_RECIPIENT:
		return c->asked_ms + c->worker->settings->store.lookup_ms;
	case SESSION_WANTS_DELIVERY:    /* which always answers */
	case SESSION_WANTS_ADMISSION:
	case SESSION_WANTS_TLS:
	case SESSION_WANTS_CLOSE:
		return INT64_MAX;
	}
	return INT64_MAX;
}

static int64_t
deadline_of(const struct client *c)
{
	const struct worker_settings *s = c->worker->settings;

	switch (c->phase) {
	case CLIENT_PROXY:
		return c->phase_ms + s->proxy_ms;
	case CLIENT_HANDSHAKE:
		return c->phase_ms + (c->worker->state.is_under_pressure
			? earlier(s->tls_ms, PRESSURE_MS) : s->tls_ms);
	case CLIENT_GREET_WAIT:
		return c->phase_ms + s->greet_delay_ms;
	case CLIENT_TALKING:
		return talking_deadline(c);
	case CLIENT_LINGERING:
		return c->phase_ms + LINGER_MS;
	}
	return INT64_MAX;
}

void
client_set_deadline(struct client *c)
{
	int64_t at_ms = deadline_of(c);

	if (at_ms == INT64_MAX)
		loop_clear_timer(&c->worker->loop, &c->timer);
	else
		loop_set_timer(&c->worker->loop, &c->timer, at_ms);
}

void
worker_reset_deadlines(struct worker *w)
{
	for (size_t i = 0; i < w->client_slots; i++)
		if (w->clients[i] != NULL)
			client_set_deadline(w->clients[i]);
}

void
client_enter(struct client *c, enum client_phase phase)
{
	c->phase = phase;
	c->phase_ms = c->worker->loop.now_ms;
	c->heard_ms = c->phase_ms;
	c->command_ms = c->phase_ms;
	client_set_deadline(c);
}
