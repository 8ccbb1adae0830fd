/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RCPT (RFC 5321 4.1.1.3): whose mail we take. What is refused leaves nothing
 * behind; what must be asked of the database waits in the message's arena. */
#include "smtp/commands.h"

#include "base/utf8.h"
#include "smtp/path.h"

#include <assert.h>
#include <string.h>

enum { ADDRESS_SIZE = 64 + 1 + 256 };

/* One RCPT while it is judged. Views point into it or into the line. */
struct candidate {
	struct view local;              /* as given */
	struct view domain;             /* A-label, lower case */
	struct view address;            /* as given */
	struct view key;
	bool is_postmaster;
	bool is_discarded;
	char domain_bytes[256];
	char address_bytes[ADDRESS_SIZE];
	char key_bytes[ADDRESS_SIZE];
};

enum judgement { ACCEPT, REPEATED, REFUSE, ASK_DOMAINS, ASK_RECIPIENT };

/* local@domain into where, which has room for any address. */
static struct view
join(char *where, struct view local, struct view domain)
{
	size_t len = local.len + 1 + domain.len;

	assert(len <= ADDRESS_SIZE);
	memcpy(where, local.at, local.len);
	where[local.len] = '@';
	memcpy(where + local.len + 1, domain.at, domain.len);
	return (struct view){ where, len };
}

static struct view
hostname(const struct session *s)
{
	return view_slice(view_of(s->settings->hostname), 0, 255);
}

/* The address with all its forms; domain is empty for <postmaster>. */
static enum reply
name_candidate(const struct session *s, struct view local,
	       struct view domain, struct candidate *c)
{
	struct view host = view_slice(view_of(s->settings->primary_host),
				      0, 255);

	if (domain.len == 0)
		domain = hostname(s);
	size_t len = s->settings->domain_to_ascii(domain, c->domain_bytes,
						  sizeof(c->domain_bytes));
	if (len == 0)
		return REPLY_BAD_PATH;
	c->domain = (struct view){ c->domain_bytes, len };
	c->address = join(c->address_bytes, local, domain);
	c->local = view_slice(c->address, 0, local.len);
	c->key = join(c->key_bytes, local, host.len > 0 ? host : c->domain);
	for (size_t i = 0; i < c->key.len; i++)
		c->key_bytes[i] = ascii_lower(c->key_bytes[i]);
	c->is_postmaster = view_equal_nocase(local, VIEW("postmaster"));
	size_t most = s->state->max_address_chars;
	if (utf8_chars(c->address) > most || utf8_chars(c->key) > most)
		return REPLY_ADDRESS_TOO_LONG;
	return REPLY_OK;
}

static bool
is_discarded(const struct session *s, const struct candidate *c)
{
	const struct smtp_settings *settings = s->settings;
	char bytes[ADDRESS_SIZE];

	if (settings->discard_domains != NULL &&
	    domains_match(settings->discard_domains, c->domain))
		return true;
	struct view plain = join(bytes, c->local, c->domain);
	for (size_t i = 0; i < settings->discard_addresses.count; i++) {
		struct view one = view_of(settings->discard_addresses.at[i]);
		if (view_equal(one, c->key) || view_equal_nocase(one, plain))
			return true;
	}
	return false;
}

/* reply_out is for REFUSE only. */
static enum judgement
judge(const struct session *s, struct candidate *c, enum reply *reply_out)
{
	const struct smtp_settings *settings = s->settings;
	const struct envelope *envelope = &s->message->envelope;
	const struct domains *more = s->state->more_domains;

	/* RFC 5321 4.5.1: postmaster of the server's own name is always
	 * there. */
	*reply_out = REPLY_NOT_OUR_DOMAIN;
	if (!domains_match(settings->domains, c->domain) &&
	    (more == NULL || !domains_match(more, c->domain)) &&
	    !(c->is_postmaster && view_equal_nocase(c->domain, hostname(s))))
		return settings->has_domains_query && more == NULL
			? ASK_DOMAINS : REFUSE;
	c->is_discarded = is_discarded(s, c);
	/* The same mailbox again: the local part exactly, the domain as it
	 * compares (RFC 5321 2.4). */
	for (const struct recipient *r = envelope->first; r != NULL;
	     r = r->next)
		if (view_equal(r->domain, c->domain) &&
		    view_equal(view_slice(r->address, 0,
					  view_find_last(r->address, '@')),
			       c->local))
			return REPEATED;
	*reply_out = REPLY_TOO_MANY_RECIPIENTS;
	if (envelope->recipients >= settings->recipients)
		return REFUSE;
	/* By what MAIL declared; what it did not is found in the data. */
	*reply_out = REPLY_TOO_MUCH_AT_ONCE;
	if (!c->is_discarded && s->declared_size > 0 &&
	    message_rows(s->message) + 1 >
	    settings->transaction_bytes / s->declared_size)
		return REFUSE;
	return settings->has_recipient_query && !c->is_postmaster &&
	       !c->is_discarded ? ASK_RECIPIENT : ACCEPT;
}

/* One block, so that it can be given back whole. */
static size_t
block_size(struct view address, struct view domain, struct view key)
{
	return sizeof(struct recipient) + address.len + domain.len + key.len;
}

/* The copy of v at *where, which moves behind it. */
static struct view
put(char **where, struct view v)
{
	struct view copy = { *where, v.len };

	memcpy(*where, v.at, v.len);
	*where += v.len;
	return copy;
}

/* A few of many recipients may be gone without the client being at fault:
 * they are its errors only while none of the transaction is accepted. */
static void
refuse(struct session *s, enum reply reply, struct view address,
       struct buf *out)
{
	session_tell_refusal(s, reply, address);
	bool is_policy = reply == REPLY_UNKNOWN_RECIPIENT ||
			 reply == REPLY_NOT_OUR_DOMAIN;

	s->counts.recipients_refused++;
	s->has_refused_recipient = true;
	/* Who guesses addresses has a good one to begin with. */
	size_t most = s->settings->recipients * (s->counts.mails + 1);
	if (is_policy && s->stage == STAGE_RECIPIENT &&
	    s->counts.recipients_refused <= most)
		session_say(s, reply, out);
	else
		session_refuse(s, reply, out);
}

/* Gives its memory back; its address moves to where. */
static struct view
drop(struct session *s, struct recipient *r, char where[ADDRESS_SIZE])
{
	struct view address = { where, r->address.len };

	memcpy(where, r->address.at, r->address.len);
	arena_shrink(&s->message->arena, r,
		     block_size(r->address, r->domain, r->key), 0);
	return address;
}

/* It comes in, unless it gets too much mail. What is thrown away instead is
 * found when the data has come: nobody's mail may vanish for transactions
 * that others only begin. */
static void
accept_within_rate(struct session *s, struct recipient *r, struct buf *out)
{
	const struct smtp_settings *settings = s->settings;
	struct envelope *e = &s->message->envelope;
	char where[ADDRESS_SIZE];

	if (!r->is_discarded && settings->admits_recipient != NULL &&
	    !settings->discards_over_rate &&
	    !settings->admits_recipient(s->owner, r)) {
		s->counts.recipients_over_rate++;
		refuse(s, REPLY_OVER_RATE, drop(s, r, where), out);
		return;
	}
	assert(s->want == SESSION_WANTS_INPUT && r->next == NULL);
	if (e->last != NULL)
		e->last->next = r;
	else
		e->first = r;
	e->last = r;
	e->recipients++;
	s->stage = STAGE_RECIPIENT;
	s->idle_commands--;
	session_say(s, REPLY_RECIPIENT_OK, out);
}

static void
carry_out(struct session *s, struct candidate *c, struct buf *out)
{
	enum reply reply;
	enum judgement judgement = judge(s, c, &reply);

	if (judgement == REFUSE) {
		refuse(s, reply, c->address, out);
		return;
	}
	if (judgement == REPEATED) {
		session_say(s, REPLY_RECIPIENT_OK, out);
		return;
	}
	struct recipient *r = arena_alloc(&s->message->arena,
		block_size(c->address, c->domain, c->key));
	if (r == NULL) {
		refuse(s, REPLY_FULL, c->address, out);
		return;
	}
	char *text = (char *)(r + 1);
	r->address = put(&text, c->address);
	r->domain = put(&text, c->domain);
	r->key = put(&text, c->key);
	r->is_postmaster = c->is_postmaster;
	r->is_discarded = c->is_discarded;
	if (judgement == ACCEPT) {
		accept_within_rate(s, r, out);
		return;
	}
	assert(s->pending == NULL);
	s->pending = r;
	s->want = judgement == ASK_DOMAINS ? SESSION_WANTS_DOMAINS
					   : SESSION_WANTS_RECIPIENT;
}

/* "TO:<path>". There is no parameter that we offer for RCPT. */
static enum reply
read_argument(const struct session *s, struct view argument,
	      struct path *path)
{
	struct esmtp_parameter p;

	if (!view_starts_nocase(argument, VIEW("TO:")))
		return REPLY_BAD_ARGUMENT;
	struct view rest = view_trim(view_slice(argument, 3, argument.len));
	size_t len = path_parse(rest, path);
	if (len == 0 || path->is_null)
		return REPLY_BAD_PATH;
	rest = view_slice(rest, len, rest.len);
	if (rest.len > 0 && rest.at[0] != ' ')
		return REPLY_BAD_PATH;
	switch (esmtp_parameter_next(&rest, &p)) {
	case ESMTP_PARAMETER_GOOD:
		return REPLY_UNKNOWN_PARAMETER;
	case ESMTP_PARAMETER_BAD:
		return REPLY_BAD_PARAMETER;
	case ESMTP_PARAMETER_END:
		break;
	}
	if (path->is_utf8 && !s->message->envelope.is_smtputf8)
		return REPLY_NEEDS_SMTPUTF8;
	return REPLY_OK;
}

void
recipient_run(struct session *s, struct view argument, struct buf *out)
{
	struct candidate c = { .is_discarded = false };
	struct path path;

	enum reply reply = read_argument(s, argument, &path);
	if (reply == REPLY_OK)
		reply = name_candidate(s, path.local, path.domain, &c);
	if (reply == REPLY_OK)
		carry_out(s, &c, out);
	else
		refuse(s, reply, c.address.len > 0 ? c.address : argument,
		       out);
}

struct view
session_recipient(const struct session *s)
{
	return s->pending != NULL ? s->pending->key : VIEW("");
}

void
session_recipient_known(struct session *s, enum recipient_answer answer,
			struct buf *out)
{
	struct recipient *r = s->pending;
	char where[ADDRESS_SIZE];

	if (s->want != SESSION_WANTS_RECIPIENT)
		return;
	s->want = SESSION_WANTS_INPUT;
	s->pending = NULL;
	if (answer == RECIPIENT_KNOWN)
		accept_within_rate(s, r, out);
	else
		refuse(s, answer == RECIPIENT_UNKNOWN ? REPLY_UNKNOWN_RECIPIENT
						: REPLY_LOOKUP_IMPOSSIBLE,
		       drop(s, r, where), out);
}

void
session_domains_known(struct session *s, struct buf *out)
{
	struct candidate c = { .is_discarded = false };
	char where[ADDRESS_SIZE];

	if (s->want != SESSION_WANTS_DOMAINS)
		return;
	s->want = SESSION_WANTS_INPUT;
	struct view address = drop(s, s->pending, where);
	s->pending = NULL;
	if (s->state->more_domains == NULL) {
		refuse(s, REPLY_LOOKUP_IMPOSSIBLE, address, out);
		return;
	}
	size_t at = view_find_last(address, '@');
	enum reply reply = name_candidate(s, view_slice(address, 0, at),
		view_slice(address, at + 1, address.len), &c);
	if (reply == REPLY_OK)
		carry_out(s, &c, out);
	else
		refuse(s, reply, address, out);
}
