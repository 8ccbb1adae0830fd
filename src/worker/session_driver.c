/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session fed with what was read, and given what it wants. Reading stops
 * while anything is waited for or unsent, so that a client that pipelines
 * without end, or never reads its replies, makes nothing grow. */
#include "worker/client.h"

#include "base/clock.h"
#include "worker/mail_log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { READS_A_TURN = 8 };      /* by TLS, before the others have a turn */

/* ---- The end ------------------------------------------------------------ */

/* The last reply is out. What the client still sends is read and thrown away
 * for a moment: closing on unread bytes would reset the connection, and the
 * reply could be lost with it. */
static void
linger(struct client *c)
{
	bool has_unread = c->in.len > 0;

	/* Behind QUIT nothing comes, but in TLS its end may have come. */
	if (c->tls != NULL) {
		int unread = 1;
		tls_close(c->tls);
		ioctl(c->watch.fd, FIONREAD, &unread);
		has_unread = has_unread || unread > 0;
	}
	if (session_has_quit(c->session) && !has_unread) {
		client_free(c);
		return;
	}
	shutdown(c->watch.fd, SHUT_WR);
	buf_release(&c->in);
	client_charge(c);
	client_watch(c, POLLIN);
	client_enter(c, CLIENT_LINGERING);
}

void
client_on_lingering(struct client *c)
{
	struct worker *w = c->worker;
	ssize_t n = recv(c->watch.fd, w->scratch, SCRATCH_BYTES, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		client_free(c);
}

void
client_end(struct client *c, enum session_end why)
{
	buf_release(&c->in);
	session_end(c->session, why, &c->out);
	client_resume(c);
}

/* ---- What the session wants --------------------------------------------- */

/* The message is complete: it gets its id and its time here, before anything
 * is tried. */
static void
submit(struct client *c)
{
	struct worker *w = c->worker;
	struct message *m = session_take_message(c->session);

	assert(c->submitted == NULL);
	m->complete_wall_us = clock_wall_us();
	m->complete_us = clock_us();
	m->began_us = c->transaction_ms * 1000;
	m->client_key = client_key(c);
	m->session = c->session_number;
	message_id_make(m->complete_wall_us, m->id);
	c->submitted = m;
	delivery_submit(w->delivery, m);
}

static void
look_up(struct client *c)
{
	struct worker *w = c->worker;
	struct view key = session_recipient(c->session);

	if (c->asked_ms != 0)
		return;
	int known = lookup_cache_find(w->lookups, key, w->loop.now_ms);
	if (known >= 0) {
		session_recipient_known(c->session, known ? RECIPIENT_KNOWN :
					RECIPIENT_UNKNOWN, &c->out);
		return;
	}
	struct question *q = memory_resize(NULL, sizeof(*q) + key.len + 1);
	*q = (struct question){ .client_key = client_key(c), .answer = -1,
				.len = key.len };
	memcpy(q->key, key.at, key.len);
	c->asked_ms = w->loop.now_ms;
	delivery_ask(w->delivery, q);
}

/* Gives the session what it wants; all replies are out. False where c talks no
 * longer. */
static bool
serve_want(struct client *c)
{
	switch (session_want(c->session)) {
	case SESSION_WANTS_INPUT:
		return true;
	case SESSION_WANTS_RECIPIENT:
		look_up(c);
		return true;
	case SESSION_WANTS_DOMAINS:
		/* The list may have come while replies were unsent. */
		if (c->worker->state.more_domains != NULL)
			session_domains_known(c->session, &c->out);
		else if (c->asked_ms == 0)
			c->asked_ms = c->worker->loop.now_ms;
		return true;
	case SESSION_WANTS_DELIVERY:
		if (c->submitted == NULL)
			submit(c);
		return true;
	case SESSION_WANTS_ADMISSION:
		client_readmit(c);
		return true;
	case SESSION_WANTS_TLS:
		/* Clear text behind STARTTLS is what an attacker put there. */
		buf_release(&c->in);
		client_watch(c, POLLIN);
		client_enter(c, CLIENT_HANDSHAKE);
		return false;
	case SESSION_WANTS_CLOSE:
		linger(c);
		return false;
	}
	return true;
}

/* ---- Bytes in ------------------------------------------------------------ */

/* When the parts of a session began that have deadlines of their own. One
 * block may end a transaction and begin the next. */
static void
note_times(struct client *c)
{
	int64_t now = c->worker->loop.now_ms;
	unsigned began = session_events(c->session);

	if ((began & SESSION_NEW_TRANSACTION) != 0) {
		c->transaction_ms = 0;
		c->data_ms = 0;
	}
	if (!session_is_in_transaction(c->session))
		c->transaction_ms = 0;
	else if (c->transaction_ms == 0)
		c->transaction_ms = now;
	if (!session_is_in_data(c->session))
		c->data_ms = 0;
	else if (c->data_ms == 0)
		c->data_ms = now;
	/* A line that trickles in does not earn more time, whatever bare CRs
	 * and LFs it is made of. */
	if (!session_is_mid_command(c->session) ||
	    (began & SESSION_NEW_LINE) != 0)
		c->command_ms = now;
}

static size_t
feed(struct client *c, struct view bytes)
{
	size_t used = session_feed(c->session, bytes, &c->out);

	assert(used <= bytes.len);
	if (used > 0)
		note_times(c);
	const char *remark = session_remark(c->session);
	if (remark != NULL)
		client_log(LOG_LEVEL_INFO, c, remark);
	return used;
}

/* Reads once and feeds it; what the session does not take now is kept.
 * False where c is gone. */
static bool
read_more(struct client *c)
{
	struct worker *w = c->worker;
	ssize_t n = client_read(c, w->scratch, SCRATCH_BYTES);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		c->has_unread = false;
		return true;
	}
	if (n <= 0) {
		client_free(c);
		return false;
	}
	c->heard_ms = w->loop.now_ms;
	c->has_unread = c->tls != NULL && tls_has_pending(c->tls);
	struct view bytes = { w->scratch, (size_t)n };
	size_t used = feed(c, bytes);
	int kept = buf_append(&c->in, view_slice(bytes, used, bytes.len));
	assert(kept == 0);      /* in was empty and has room for all */
	return true;
}

/* ---- The turn ------------------------------------------------------------ */

static bool
may_read(const struct client *c)
{
	return session_want(c->session) == SESSION_WANTS_INPUT &&
	       c->out.len == 0 && c->in.len == 0;
}

/* What poll() shall tell of until the next turn, and how long it may take. */
static void
finish_turn(struct client *c)
{
	short events = 0;

	client_count(c);
	if (!client_charge(c)) {
		client_log(LOG_LEVEL_WARN, c, "dropped: limits.memory is used");
		client_free(c);
		return;
	}
	/* poll() knows nothing of what TLS holds, but a socket that can be
	 * written to is heard of in the next turn, after all others. */
	if (may_read(c))
		events = c->has_unread ? POLLIN | POLLOUT : POLLIN;
	else if (c->out.len > 0)
		events = c->tls != NULL && !c->wants_write ? POLLIN : POLLOUT;
	client_watch(c, events);
	client_set_deadline(c);
}

/* One round of feeding and serving. 1: there may be more to do; 0: all waits
 * for somebody; -1: c talks no longer. */
static int
advance(struct client *c)
{
	size_t kept = c->in.len;

	if (kept > 0) {
		buf_consume(&c->in, feed(c, buf_view(&c->in)));
		if (c->in.len == 0)
			buf_release(&c->in);
	}
	bool moved = c->in.len != kept || c->out.len > 0;
	if (client_flush(c) != 0) {
		client_free(c);
		return -1;
	}
	enum session_want want = session_want(c->session);
	if (c->out.len > 0) {
		/* A message does not wait, and hold its memory, for a client
		 * that is slow to read the replies before. */
		if (want == SESSION_WANTS_DELIVERY && c->submitted == NULL)
			submit(c);
		return 0;
	}
	if (!serve_want(c))
		return -1;
	moved = moved || session_want(c->session) != want || c->out.len > 0;
	return moved;
}

void
client_resume(struct client *c)
{
	int more;

	while ((more = advance(c)) > 0)
		;
	if (more == 0)
		finish_turn(c);
}

void
client_on_talking(struct client *c, short events)
{
	if ((events & POLLHUP) != 0 && (events & POLLIN) == 0) {
		client_free(c);
		return;
	}
	for (int i = 0; i < READS_A_TURN; i++) {
		int more = 0;
		if (may_read(c) && !read_more(c))
			return;
		while ((more = advance(c)) > 0)
			;
		if (more < 0)
			return;
		if (!c->has_unread || !may_read(c))
			break;
	}
	finish_turn(c);
}
