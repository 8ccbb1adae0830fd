/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which clients may come in: blocked_clients, and the limits over all
 * workers. */
#include "worker/client.h"

#include <string.h>

static const char *
sentence(enum session_end why)
{
	return why == SESSION_END_BLOCKED ? "refused: among blocked_clients" :
	       why == SESSION_END_STOPPING ? "refused: paused" :
	       why == SESSION_END_OVERLOAD ?
		       "refused: limits.connections is reached" :
		       "refused: a limit per address is reached";
}

bool
client_may_enter(struct client *c, enum session_end *why_out)
{
	struct worker *w = c->worker;
	enum session_end why = SESSION_END_BLOCKED;

	if (w->state.is_paused)
		why = SESSION_END_STOPPING;
	else if (!address_in_ranges(&c->peer, w->settings->net.blocked_clients))
		switch (connection_admit(&w->connections, &c->peer,
					 w->loop.now_ms)) {
		case CONNECTION_OK:
			c->is_counted = true;
			return true;
		case CONNECTION_FULL:
			why = SESSION_END_OVERLOAD;
			break;
		case CONNECTION_PER_IP:
		case CONNECTION_RATE:
			why = SESSION_END_RATE;
			break;
		}
	slot_count(w->context->slot, COUNT_CONNECTIONS_REFUSED, 1);
	client_log(LOG_LEVEL_INFO, c, sentence(why));
	*why_out = why;
	return false;
}

static bool
is_same(const struct address *a, const struct address *b)
{
	return a->len == b->len && a->is_local == b->is_local &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

void
client_readmit(struct client *c)
{
	struct address named = *session_client(c->session);
	enum session_end why;

	if (!is_same(&named, &c->peer)) {
		if (c->is_counted)
			connection_release(&c->worker->connections, &c->peer);
		c->is_counted = false;
		c->peer = named;
		if (!client_may_enter(c, &why)) {
			session_end(c->session, why, &c->out);
			return;
		}
	}
	session_client_admitted(c->session, &c->out);
}
