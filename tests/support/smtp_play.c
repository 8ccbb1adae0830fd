/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/smtp_play.h"

const char message_id[] = "0192f0c1a2b37c4d8e5f60718293a4b0";

_Noreturn void
play_fault(const struct play *p, const char *what, struct view got)
{
	fail_msg("%s:%d: cut %zd: %s: %s\n     got: %.*s", p->d->file,
		 p->d->line + (int)p->step, (ssize_t)p->cut,
		 p->d->steps[p->step], what, (int)got.len, got.at);
	abort();
}

static void
play_remember(struct play *p, const struct message *m)
{
	struct view raw = { memory_resize(NULL, m->raw.len + 1), m->raw.len };

	p->body.len = p->envelope.len = p->addresses.len = 0;
	p->protocol.len = 0;
	chain_copy(&m->raw, 0, m->raw.len, (char *)(uintptr_t)raw.at);
	buf_append(&p->body, raw);
	free((char *)(uintptr_t)raw.at);
	buf_append_text(&p->envelope, "from <");
	buf_append(&p->envelope, m->envelope.sender);
	buf_append_text(&p->envelope, "> to");
	for (struct recipient *r = m->envelope.first; r != NULL; r = r->next) {
		buf_append_text(&p->envelope, r->is_discarded ? " -" : " ");
		buf_append(&p->envelope, r->key);
		buf_append_text(&p->addresses, p->addresses.len > 0 ? " " : "");
		buf_append(&p->addresses, r->address);
	}
	buf_append(&p->protocol, m->protocol);
	if (m->tls.len > 0)
		buf_append_text(&p->protocol, " in TLS");
	char text[ADDRESS_TEXT_SIZE];
	inet_ntop(m->client.len == 16 ? AF_INET6 : AF_INET, m->client.bytes,
		  text, sizeof(text));
	p->client.len = 0;
	buf_append_text(&p->client, text);
}

/* Answers what the session waits for; false when it waits for input. */
static bool
play_answer(struct play *p)
{
	switch (session_want(p->s)) {
	case SESSION_WANTS_DOMAINS:
		if (p->domains_come_late)
			p->f.state.more_domains = p->f.more;
		session_domains_known(p->s, &p->out);
		return true;
	case SESSION_WANTS_RECIPIENT:
		session_recipient_known(p->s, p->answer, &p->out);
		return true;
	case SESSION_WANTS_ADMISSION:
		session_client_admitted(p->s, &p->out);
		return true;
	case SESSION_WANTS_DELIVERY: {
		struct message *m = session_take_message(p->s);
		play_remember(p, m);
		message_free(&m);
		session_delivered(p->s, p->verdict, message_id, &p->out);
		return true;
	}
	case SESSION_WANTS_INPUT:
	case SESSION_WANTS_TLS:
	case SESSION_WANTS_CLOSE:
		break;
	}
	return false;
}

void
play_flush(struct play *p)
{
	buf_append(&p->said, buf_view(&p->out));
	buf_release(&p->out);
}

static void
play_feed(struct play *p, struct view bytes)
{
	size_t used = 0;

	while (used < bytes.len && session_want(p->s) != SESSION_WANTS_CLOSE) {
		size_t n = session_feed(p->s, view_slice(bytes, used,
							 bytes.len), &p->out);
		bool was_answered = false;
		while (play_answer(p))
			was_answered = true;
		if (n == 0 && !was_answered && p->out.len == 0)
			play_fault(p, "the session is stuck", VIEW(""));
		play_flush(p);
		used += n;
	}
}

void
play_client_sends(struct play *p, struct view bytes)
{
	if (p->said.len > 0)
		play_fault(p, "not expected before it", buf_view(&p->said));
	if (session_want(p->s) == SESSION_WANTS_TLS)
		session_tls_started(p->s, VIEW("TLSv1.3 TLS_AES_256_GCM"));
	if (p->cut == 0)
		for (size_t i = 0; i < bytes.len; i++)
			play_feed(p, view_slice(bytes, i, i + 1));
	else
		play_feed(p, view_slice(bytes, 0, p->cut));
	if (p->cut > 0 && p->cut < bytes.len)
		play_feed(p, view_slice(bytes, p->cut, bytes.len));
}

bool
play_one_of(const char *value, const char *const *names, size_t *which)
{
	for (*which = 0; names[*which] != NULL; (*which)++)
		if (strcmp(names[*which], value) == 0)
			return true;
	return false;
}

static bool
play_set_number(struct play *p, const char *key, const char *value)
{
	size_t n = strtoul(value, NULL, 10);
	struct { const char *key; size_t *where; } numbers[] = {
		{ "size", &p->f.state.max_message_bytes },
		{ "transaction", &p->f.settings.transaction_bytes },
		{ "recipients", &p->f.settings.recipients },
		{ "mails", &p->f.settings.mails },
		{ "errors", &p->f.settings.errors },
		{ "commands", &p->f.settings.commands },
		{ "memory", &p->f.budget.limit },
		{ "address", &p->f.state.max_address_chars },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (strcmp(numbers[i].key, key) == 0) {
			*numbers[i].where = n;
			return true;
		}
	return false;
}

static bool
play_set_switch(struct play *p, const char *key, const char *value)
{
	bool is_on = strcmp(value, "off") != 0;
	struct { const char *key; bool *where; } switches[] = {
		{ "utf8", &p->f.state.offers_smtputf8 },
		{ "store_away", &p->f.state.is_store_away },
		{ "tight", &p->f.state.is_memory_tight },
		{ "pressure", &p->f.state.is_under_pressure },
		{ "draining", &p->f.state.is_draining },
		{ "tls_broken", &p->f.state.is_tls_broken },
		{ "certificate", &p->f.state.offers_starttls },
		{ "accept_bare_newline", &p->f.settings.accepts_bare_newline },
		{ "domains_late", &p->domains_come_late },
		{ "domains_query", &p->f.settings.has_domains_query },
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++)
		if (strcmp(switches[i].key, key) == 0) {
			*switches[i].where = is_on;
			return true;
		}
	return false;
}

bool
play_set(struct play *p, const char *key, const char *value)
{
	static const char *const answers[] = { "known", "unknown",
					       "undecided", NULL };
	static const char *const verdicts[] = { "none", "stored", "spooled",
		"discarded", "later", "full", "big", "headers", "loop", "doubt",
		"blocked", NULL };
	size_t which;

	if (strcmp(key, "recipient") == 0 &&
	    play_one_of(value, answers, &which)) {
		p->f.settings.has_recipient_query = true;
		p->answer = (enum recipient_answer)which;
		return true;
	}
	if (strcmp(key, "verdict") == 0 &&
	    play_one_of(value, verdicts, &which)) {
		p->verdict = (enum verdict)which;
		return true;
	}
	if (strcmp(key, "primary_host") == 0)
		p->f.settings.primary_host = value;
	else if (strcmp(key, "xclient") == 0)
		session_allow_xclient(p->s);
	else if (strcmp(key, "starttls") == 0)
		session_forbid_starttls(p->s);
	else
		return play_set_switch(p, key, value) ||
		       play_set_number(p, key, value);
	return true;
}
