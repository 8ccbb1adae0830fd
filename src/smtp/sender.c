/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MAIL (RFC 5321 4.1.1.2): it opens a transaction, and with it a message. */
#include "smtp/commands.h"

#include "base/utf8.h"
#include "smtp/blocked.h"
#include "smtp/extensions.h"
#include "smtp/path.h"

#include <assert.h>

/* "FROM:<path> parameters"; blanks behind the colon are a common mistake. */
static enum reply
read_argument(const struct session *s, struct view argument, struct path *path,
	      struct mail_requests *w)
{
	struct esmtp_parameter p;
	enum esmtp_parameter_kind kind;
	char ascii[256];

	if (!view_starts_nocase(argument, VIEW("FROM:")))
		return REPLY_BAD_ARGUMENT;
	struct view rest = view_trim(view_slice(argument, 5, argument.len));
	size_t len = path_parse(rest, path);
	if (len == 0 || (!path->is_null && path->domain.len == 0))
		return REPLY_BAD_PATH;
	rest = view_slice(rest, len, rest.len);
	if (rest.len > 0 && rest.at[0] != ' ')
		return REPLY_BAD_PATH;
	while ((kind = esmtp_parameter_next(&rest, &p)) ==
	       ESMTP_PARAMETER_GOOD) {
		enum reply reply = extensions_take(s, p, w);
		if (reply != REPLY_OK)
			return reply;
	}
	if (kind == ESMTP_PARAMETER_BAD)
		return REPLY_BAD_PARAMETER;
	/* RFC 6531 3.3 and 3.4. */
	if (path->is_utf8 && !w->has_utf8)
		return REPLY_NEEDS_SMTPUTF8;
	if (path->is_utf8 && !utf8_is_ascii(path->domain) &&
	    s->settings->domain_to_ascii(path->domain, ascii,
					 sizeof(ascii)) == 0)
		return REPLY_BAD_PATH;
	return REPLY_OK;
}

/* Whether a transaction may begin at all. */
static enum reply
may_begin(const struct session *s, const struct path *path,
	  const struct mail_requests *w, bool *is_blocked_out)
{
	if (s->state->is_paused ||
	    (s->state->is_draining && s->has_had_transaction))
		return REPLY_STOPPING;
	if (s->counts.transactions >= s->settings->mails)
		return REPLY_TOO_MANY_MAILS;
	if (w->size > s->state->max_message_bytes)
		return REPLY_TOO_BIG;
	if (s->state->is_store_away)
		return REPLY_STORE_FAULT;
	*is_blocked_out = blocked_sender(s->settings, s->state->more_blocked,
					 path->mailbox);
	return *is_blocked_out && !s->settings->discards_blocked ?
	       REPLY_BLOCKED_SENDER : REPLY_OK;
}

/* False where there is no memory for it. */
static bool
open_message(struct session *s, const struct path *path,
	     const struct mail_requests *w)
{
	/* RFC 3848 and RFC 6531 4.3. */
	static const struct view protocols[] = {
		VIEW("ESMTP"), VIEW("ESMTPS"),
		VIEW("UTF8SMTP"), VIEW("UTF8SMTPS"),
	};

	assert(s->message == NULL && s->helo != NULL);
	if (!budget_take(s->budget, sizeof(struct message)))
		return false;
	struct message *m = memory_new(1, sizeof(*m));
	s->message = m;
	m->arena.budget = s->budget;
	m->raw.budget = s->budget;
	m->client = s->client;
	m->protocol = VIEW("SMTP");
	if (s->is_ehlo)
		m->protocol = protocols[(w->has_utf8 ? 2 : 0) +
					(s->tls != NULL ? 1 : 0)];
	m->helo = arena_copy(&m->arena, view_of(s->helo));
	m->tls = arena_copy(&m->arena, view_of(s->tls));
	m->envelope.sender = arena_copy(&m->arena, path->mailbox);
	m->envelope.is_smtputf8 = w->has_utf8;
	m->envelope.is_8bit = w->body != BODY_7BIT;
	m->envelope.is_binary = w->body == BODY_BINARY;
	s->declared_size = w->size;
	/* What the store can hold may change before the data comes. */
	s->most_bytes = s->state->max_message_bytes;
	return m->helo.at != NULL && m->tls.at != NULL &&
	       m->envelope.sender.at != NULL;
}

void
sender_run(struct session *s, struct view argument, struct buf *out)
{
	struct path path = { .is_null = false };
	struct mail_requests requests = { .given = 0 };
	bool is_blocked = false;

	enum reply reply = read_argument(s, argument, &path, &requests);
	if (reply == REPLY_OK)
		reply = may_begin(s, &path, &requests, &is_blocked);
	if (reply == REPLY_OK && !open_message(s, &path, &requests)) {
		session_forget_transaction(s);
		reply = REPLY_FULL;
	}
	if (reply == REPLY_OK) {
		s->message->envelope.is_blocked = is_blocked;
		s->counts.transactions++;
		s->events |= SESSION_NEW_TRANSACTION;
		s->stage = STAGE_SENDER;
		session_say(s, REPLY_SENDER_OK, out);
		return;
	}
	/* The log shows what was said where that is no address. */
	s->counts.senders_blocked += reply == REPLY_BLOCKED_SENDER;
	session_tell_refusal(s, reply, path.mailbox.len > 0 || path.is_null
			     ? path.mailbox : argument);
	if (reply == REPLY_STOPPING || reply == REPLY_TOO_MANY_MAILS)
		session_hang_up(s, reply, out);
	else if (reply == REPLY_TOO_BIG || reply == REPLY_BLOCKED_SENDER)
		/* Large mail is no misbehaviour, and a relay has mail of many
		 * senders: not counted as an error. */
		session_say(s, reply, out);
	else
		session_refuse(s, reply, out);
}
