/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connections of one worker: their table, which may come in, their bytes
 * to and from the socket, and what they are charged for. */
#include "worker/client.h"

#include "base/clock.h"
#include "worker/mail_log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { FIRST_SLOTS = 64 };

static void
enter_table(struct worker *w, struct client *c)
{
	size_t size = w->client_slots;

	if (w->client_count == size) {
		size_t more = size > 0 ? size : FIRST_SLOTS;
		w->clients = memory_resize(w->clients, (size + more) *
						sizeof(*w->clients));
		memset(w->clients + size, 0, more * sizeof(*w->clients));
		w->free_slot = (uint32_t)size;
		w->client_slots += more;
	}
	while (w->clients[w->free_slot] != NULL)
		w->free_slot = (uint32_t)((w->free_slot + 1) %
					  w->client_slots);
	c->index = w->free_slot;
	c->serial = ++w->next_serial;
	w->clients[c->index] = c;
	w->client_count++;
}

struct client *
client_new(struct worker *w, int fd, const struct address *peer,
	   const struct listen_settings *listener)
{
	struct client *c = memory_new(1, sizeof(*c));

	c->worker = w;
	c->listener = listener;
	c->peer = *peer;
	c->watch.fd = fd;
	c->in = BUF(SCRATCH_BYTES);
	c->out = BUF(SESSION_OUT_CEILING);
	enter_table(w, c);
	/* Milliseconds of the wall clock, 8 bits of the worker's number, 12 of
	 * the client's: as good as unique, and in order. */
	c->session_number = (uint64_t)(clock_wall_us() / 1000) << 20 |
			    ((uint64_t)w->context->number & 0xff) << 12 |
			    (c->serial & 0xfff);
	return c;
}

uint64_t
client_key(const struct client *c)
{
	return (uint64_t)c->serial << 32 | c->index;
}

struct client *
client_find(struct worker *w, uint64_t key)
{
	size_t index = (uint32_t)key;

	if (index >= w->client_slots)
		return NULL;
	struct client *c = w->clients[index];
	return c != NULL && c->serial == key >> 32 ? c : NULL;
}

bool
client_charge(struct client *c)
{
	size_t now = c->in.size + c->out.size +
		     (c->tls != NULL ? tls_bytes(c->tls) : 0);
	struct budget *budget = &c->worker->budget;

	if (now > c->charged && !budget_take(budget, now - c->charged))
		return false;
	if (now < c->charged)
		budget_give(budget, c->charged - now);
	c->charged = now;
	return true;
}

void
client_count(struct client *c)
{
	struct scoreboard_slot *slot = c->worker->context->slot;
	struct session_counts now = session_counts(c->session);
	const struct session_counts *was = &c->counted;

	slot_count(slot, COUNT_RECIPIENTS_REFUSED,
		   now.recipients_refused - was->recipients_refused);
	slot_count(slot, COUNT_RECIPIENTS_OVER_RATE,
		   now.recipients_over_rate - was->recipients_over_rate);
	slot_count(slot, COUNT_SENDERS_BLOCKED,
		   now.senders_blocked - was->senders_blocked);
	slot_count(slot, COUNT_MAILS_REFUSED,
		   now.mails_refused - was->mails_refused);
	slot_count(slot, COUNT_MAILS_DEFERRED,
		   now.mails_deferred - was->mails_deferred);
	c->counted = now;
}

void
client_free(struct client *c)
{
	struct worker *w = c->worker;

	if (c->session != NULL)
		client_count(c);
	if (c->submitted != NULL)
		atomic_store(&c->submitted->is_abandoned, true);
	loop_clear_timer(&w->loop, &c->timer);
	if (c->session != NULL)
		session_free(&c->session);
	if (c->tls != NULL)
		tls_free(&c->tls);
	buf_release(&c->in);
	buf_release(&c->out);
	client_charge(c);
	if (c->is_counted)
		connection_release(&w->connections, &c->peer);
	assert(w->clients[c->index] == c);
	w->clients[c->index] = NULL;
	w->client_count--;
	w->free_slot = c->index;
	loop_close(&w->loop, &c->watch);
	free(c);
}

void
client_watch(struct client *c, short events)
{
	loop_watch(&c->worker->loop, &c->watch, events);
}

void
client_log(enum log_level level, const struct client *c, const char *what)
{
	char address[ADDRESS_TEXT_SIZE], session[MAIL_LOG_SESSION_SIZE];

	if (!log_wants(level))
		return;
	mail_log_client(&c->peer, address);
	mail_log_session(c->session_number, session);
	log_event(level, what, LOG_STR("session", session),
		  LOG_STR("client", address),
		  LOG_STR("listener", c->listener->name));
}

bool
client_admits_recipient(void *owner, struct recipient *recipient)
{
	struct worker *w = ((struct client *)owner)->worker;

	if (!recipient_admit(&w->connections, recipient->key, w->loop.now_ms))
		return false;
	recipient->counted_ms = w->loop.now_ms;
	return true;
}

void
client_gives_up(void *owner, const struct message *message)
{
	worker_uncount(((struct client *)owner)->worker, message);
}

void
worker_uncount(struct worker *w, const struct message *message)
{
	for (const struct recipient *r = message->envelope.first; r != NULL;
	     r = r->next)
		if (r->counted_ms > 0)
			recipient_release(&w->connections, r->key,
					  r->counted_ms);
}

void
client_on_refusal(void *owner, const struct smtp_refusal *refusal)
{
	const struct client *c = owner;
	const struct address *peer = session_client(c->session);
	struct worker *w = c->worker;

	if (log_wants(LOG_LEVEL_INFO) &&
	    refusal_log_may(w->refusals, peer, refusal, w->loop.now_ms))
		mail_log_refusal(peer, c->session_number, refusal);
}

/* ---- Who may come in: blocked_clients, limits over all workers ---------- */

void
client_count_refused(const struct client *c, enum series_refused reason)
{
	struct scoreboard_slot *slot = c->worker->context->slot;

	slot_count(slot, COUNT_CONNECTIONS_REFUSED, 1);
	slot_count_in(slot, SERIES_REFUSED, reason);
}

void
client_count_tls_failure(const struct client *c,
			 enum series_tls_failure reason)
{
	struct scoreboard_slot *slot = c->worker->context->slot;

	slot_count(slot, COUNT_TLS_FAILURES, 1);
	slot_count_in(slot, SERIES_TLS_FAILURES, reason);
}

bool
client_may_enter(struct client *c, enum session_end *why_out)
{
	struct worker *w = c->worker;
	enum session_end why = SESSION_END_RATE;
	enum series_refused reason = REFUSED_RATE;
	const char *what = "refused: a limit per address is reached";

	if (w->state.is_paused) {
		why = SESSION_END_STOPPING;
		reason = REFUSED_PAUSED;
		what = "refused: paused";
	} else if (address_in_ranges(&c->peer,
				     w->settings->net.blocked_clients)) {
		why = SESSION_END_BLOCKED;
		reason = REFUSED_BLOCKED;
		what = "refused: among blocked_clients";
	} else {
		enum connection_verdict answer = connection_admit(
			&w->connections, &c->peer, w->loop.now_ms);
		c->is_counted = answer == CONNECTION_OK;
		if (c->is_counted)
			return true;
		if (answer == CONNECTION_PER_IP)
			reason = REFUSED_PER_IP;
		if (answer == CONNECTION_FULL) {
			why = SESSION_END_OVERLOAD;
			reason = REFUSED_FULL;
			what = "refused: limits.connections is reached";
		}
	}
	client_count_refused(c, reason);
	client_log(LOG_LEVEL_INFO, c, what);
	*why_out = why;
	return false;
}

void
client_readmit(struct client *c)
{
	struct address *was = &c->peer;
	const struct address *named = session_client(c->session);
	enum session_end why;

	if (was->len != named->len || was->is_local != named->is_local ||
	    memcmp(was->bytes, named->bytes, was->len) != 0) {
		if (c->is_counted)
			connection_release(&c->worker->connections, was);
		c->is_counted = false;
		c->peer = *named;
		if (!client_may_enter(c, &why)) {
			session_end(c->session, why, &c->out);
			return;
		}
	}
	session_client_admitted(c->session, &c->out);
}

/* ---- Bytes ------------------------------------------------------------- */

/* What TLS says, in the words of read(2) and write(2). */
static ssize_t
as_system_call(struct client *c, enum tls_result result, size_t len)
{
	c->wants_write = result == TLS_WANTS_WRITE;
	switch (result) {
	case TLS_OK:
		return (ssize_t)len;
	case TLS_EOF:
		return 0;
	case TLS_WANTS_READ:
	case TLS_WANTS_WRITE:
		errno = EAGAIN;
		return -1;
	case TLS_FAILED:
		if (tls_is_flood(c->tls))
			client_log(LOG_LEVEL_INFO, c, tls_failure(c->tls));
		break;
	}
	errno = ECONNRESET;
	return -1;
}

ssize_t
client_read(struct client *c, char *where, size_t size)
{
	size_t len = 0;

	if (c->tls != NULL) {
		enum tls_result r = tls_read(c->tls, where, size, &len);
		return as_system_call(c, r, len);
	}
	return recv(c->watch.fd, where, size, 0);
}

static ssize_t
write_some(struct client *c, struct view bytes)
{
	size_t len = 0;

	if (c->tls != NULL) {
		enum tls_result r = tls_write(c->tls, bytes, &len);
		return as_system_call(c, r, len);
	}
	ssize_t n = send(c->watch.fd, bytes.at, bytes.len, MSG_NOSIGNAL);
	c->wants_write = n < 0 && errno == EAGAIN;
	return n;
}

int
client_flush(struct client *c)
{
	while (c->out.len > 0) {
		ssize_t n = write_some(c, buf_view(&c->out));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		buf_consume(&c->out, (size_t)n);
		c->command_ms = c->worker->loop.now_ms;
	}
	buf_release(&c->out);
	return 0;
}
