/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines that tell of each mail: all that happened, once it has a verdict,
 * and what was refused before there was one; and the ids by which they call
 * it. */
#include "worker/mail_log.h"

#include "base/address.h"
#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	WATCHED = 128,                  /* clients and reasons at a time */
	BURST = 10,                     /* lines of one in a window */
	WINDOW_MS = 60 * 1000,
	RECIPIENTS_BYTES = 1024,        /* named in a line */
	RECIPIENTS_SIZE = RECIPIENTS_BYTES + 32,
	ID_RANDOM = 6,                  /* bytes of an id */
	RANDOM_BLOCK = 252
};

static const char *const verdict_names[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_STORED] = "stored",
	[VERDICT_SPOOLED] = "spooled",
	[VERDICT_DISCARDED] = "discarded",
	[VERDICT_TRY_LATER] = "deferred",
	[VERDICT_FULL] = "deferred: full",
	[VERDICT_TOO_BIG] = "refused: too big",
	[VERDICT_HEADER_CHECK] = "refused: header check",
	[VERDICT_BLOCKED] = "refused: blocked_senders",
	[VERDICT_LOOP] = "refused: limits.received",
	[VERDICT_IN_DOUBT] = "in doubt",
};

void
mail_log_client(const struct address *client, char out[ADDRESS_TEXT_SIZE])
{
	if (client->is_local)
		memcpy(out, "unix socket", sizeof("unix socket"));
	else
		address_print(client, out);
}

void
mail_log_session(uint64_t session, char out[MAIL_LOG_SESSION_SIZE])
{
	snprintf(out, MAIL_LOG_SESSION_SIZE, "%016" PRIx64, session);
}

void
message_id_make(int64_t wall_us, char id[MAIL_ID_LEN + 1])
{
	/* Random bits come from the kernel in a block, so that an id costs no
	 * system call; it is filled in the worker and never in the master: no
	 * two processes share its bytes. */
	static _Thread_local unsigned char block[RANDOM_BLOCK];
	static _Thread_local size_t left;
	static const char hex[] = "0123456789abcdef";
	uint64_t ms = (uint64_t)wall_us / 1000;
	unsigned fraction = (unsigned)(wall_us % 1000) * 4096 / 1000;
	unsigned char octets[MAIL_ID_LEN / 2] = { 0 };

	if (left == 0) {
		/* Up to 256 bytes it neither fails nor stops half-way once
		 * the kernel's pool is ready, random(7). */
		while (getrandom(block, sizeof(block), 0) != RANDOM_BLOCK)
			assert(errno == EINTR);
		left = sizeof(block);
	}
	left -= ID_RANDOM;
	for (int i = 0; i < 6; i++)
		octets[i] = (unsigned char)(ms >> (40 - 8 * i));
	octets[6] = (unsigned char)(0x70 | fraction >> 8);
	octets[7] = (unsigned char)fraction;
	memcpy(octets + 8, block + left, ID_RANDOM);
	octets[8] = (unsigned char)(0x80 | (octets[8] & 0x3f));
	for (size_t i = 0; i < sizeof(octets); i++) {
		id[2 * i] = hex[octets[i] >> 4];
		id[2 * i + 1] = hex[octets[i] & 15];
	}
	id[MAIL_ID_LEN] = '\0';
}

/* "a@x,b@y" and, beyond RECIPIENTS_BYTES, how many more there are. */
static void
write_recipients(const struct envelope *e, char out[RECIPIENTS_SIZE])
{
	size_t len = 0, named = 0;

	out[0] = '\0';
	for (const struct recipient *r = e->first; r != NULL; r = r->next) {
		struct view v = r->address;
		size_t comma = named > 0;
		if (len + comma + v.len > RECIPIENTS_BYTES) {
			snprintf(out + len, RECIPIENTS_SIZE - len,
				 " and %zu more", e->recipients - named);
			return;
		}
		memcpy(out + len, ",", comma);
		memcpy(out + len + comma, v.at, v.len);
		len += comma + v.len;
		out[len] = '\0';
		named++;
	}
}

static const char *
verdict_name(const struct message *m)
{
	return m->verdict == VERDICT_DISCARDED && m->envelope.is_blocked ?
	       "discarded: blocked_senders" : verdict_names[m->verdict];
}

void
mail_log_verdict(const struct message *m)
{
	char client[ADDRESS_TEXT_SIZE], session[MAIL_LOG_SESSION_SIZE];
	char to[RECIPIENTS_SIZE];
	const struct envelope *e = &m->envelope;
	struct view code = session_verdict_code(m->verdict);

	if (!log_wants(LOG_LEVEL_INFO))
		return;
	mail_log_client(&m->client, client);
	mail_log_session(m->session, session);
	write_recipients(e, to);
	if (code.at[0] == '2')
		code = VIEW("");
	log_info("mail", LOG_STR("id", m->id), LOG_STR("session", session),
		 LOG_STR("client", client), LOG_VIEW("helo", m->helo),
		 log_optional(LOG_VIEW("tls", m->tls)),
		 LOG_VIEW("from", e->sender), LOG_STR("to", to),
		 LOG_NUM("recipients", e->recipients),
		 log_optional(LOG_STR("message_id", m->message_id)),
		 LOG_NUM("bytes", m->raw.len),
		 LOG_STR("verdict", verdict_name(m)),
		 log_optional(LOG_VIEW("reply", code)),
		 log_optional(LOG_NUM("error", m->error)),
		 LOG_MS("receive_ms", m->complete_us - m->began_us),
		 LOG_MS("parse_ms", m->parse_us),
		 LOG_MS("wait_ms", m->wait_us),
		 LOG_MS("store_ms", m->store_us),
		 log_optional(LOG_STR("client_gone",
			atomic_load(&m->is_abandoned) ? "yes" : "no")));
}

/* ---- Refusals ------------------------------------------------------------ */

/* One reason for one client. */
struct watched_refusal {
	struct address client;
	struct view code;               /* of the table of replies: constant */
	struct view words;
	int64_t since_ms;
	unsigned seen;                  /* 0: this place is free */
};

struct refusal_log {
	struct watched_refusal watched[WATCHED];
};

struct refusal_log *
refusal_log_new(void)
{
	return memory_new(1, sizeof(struct refusal_log));
}

/* The window of one is over: how many lines it was spared. */
static void
end_window(struct watched_refusal *w)
{
	char client[ADDRESS_TEXT_SIZE];

	if (w->seen > BURST) {
		mail_log_client(&w->client, client);
		log_info("refused: more of the same",
			 LOG_STR("client", client),
			 LOG_VIEW("reply", w->code),
			 LOG_VIEW("reason", w->words),
			 LOG_NUM("times", w->seen - BURST));
	}
	w->seen = 0;
}

void
refusal_log_sweep(struct refusal_log *l, int64_t now_ms)
{
	for (struct watched_refusal *w = l->watched;
	     w < l->watched + WATCHED; w++)
		if (w->seen > 0 && now_ms - w->since_ms >= WINDOW_MS)
			end_window(w);
}

void
refusal_log_free(struct refusal_log **l)
{
	if (*l != NULL)
		refusal_log_sweep(*l, INT64_MAX);
	free(*l);
	*l = NULL;
}

/* IPv6 counts by its /64, as the limits do. */
static bool
is_same_client(const struct address *a, const struct address *b)
{
	return a->len == b->len && a->is_local == b->is_local &&
	       memcmp(a->bytes, b->bytes, a->len == 4 ? 4 : 8) == 0;
}

bool
refusal_log_may(struct refusal_log *l, const struct address *client,
		const struct smtp_refusal *r, int64_t now_ms)
{
	struct watched_refusal *place = l->watched;

	for (struct watched_refusal *w = l->watched;
	     w < l->watched + WATCHED; w++) {
		if (w->seen > 0 && w->words.at == r->words.at &&
		    is_same_client(&w->client, client)) {
			place = w;
			break;
		}
		if (place->seen > 0 &&
		    (w->seen == 0 || w->since_ms < place->since_ms))
			place = w;
	}
	bool is_other = place->words.at != r->words.at ||
			!is_same_client(&place->client, client);
	if (place->seen > 0 &&
	    (is_other || now_ms - place->since_ms >= WINDOW_MS))
		end_window(place);
	if (place->seen == 0)
		*place = (struct watched_refusal){
			.client = *client, .code = r->code,
			.words = r->words, .since_ms = now_ms };
	return ++place->seen <= BURST;
}

void
mail_log_refusal(const struct address *peer, uint64_t session_number,
		 const struct smtp_refusal *r)
{
	char client[ADDRESS_TEXT_SIZE], session[MAIL_LOG_SESSION_SIZE];
	char id[MAIL_ID_LEN + 1] = "";
	char to[RECIPIENTS_SIZE] = "";

	mail_log_client(peer, client);
	mail_log_session(session_number, session);
	if (r->is_message) {
		message_id_make(clock_wall_us(), id);
		write_recipients(&r->message->envelope, to);
	}
	struct view recipient = r->is_message ? view_of(to) : r->recipient;
	log_info(r->is_discarded ? "discarded" : "refused",
		 log_optional(LOG_STR("id", id)),
		 LOG_STR("session", session), LOG_STR("client", client),
		 LOG_VIEW("helo", r->helo), LOG_VIEW("from", r->sender),
		 log_optional(LOG_VIEW("to", recipient)),
		 LOG_VIEW("reply", r->code), LOG_VIEW("reason", r->words));
}
