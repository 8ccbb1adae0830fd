/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/smtp_replay.h"

static void
replay_settings(struct replay *r, const uint8_t choice[4])
{
	struct smtp_fixture *f = &r->f;

	f->state.max_message_bytes = choice[0] & 1 ? 100 : 10000;
	f->settings.transaction_bytes = choice[0] & 2 ? 150 : 30000;
	f->settings.accepts_bare_newline = choice[0] & 4;
	f->settings.has_recipient_query = choice[0] & 8;
	f->settings.has_domains_query = choice[0] & 16;
	f->state.offers_smtputf8 = choice[0] & 32;
	f->state.is_under_pressure = choice[0] & 64;
	f->settings.errors = choice[0] & 128 ? 1000 : 5;
	f->settings.recipients = choice[1] & 1 ? 2 : 100;
	f->settings.mails = choice[1] & 2 ? 2 : 1000;
	f->settings.commands = choice[1] & 2 ? 20 : 0;
	f->state.is_memory_tight = choice[1] & 4;
	f->state.is_draining = choice[1] & 8;
	f->state.is_store_away = choice[1] & 16;
	f->settings.primary_host = choice[1] & 32 ? "mx.example.org" : "";
	f->state.max_address_chars = choice[1] & 64 ? 20 : 320;
	f->budget.limit = choice[1] & 128 ? 11000 : 10000000;
	r->answers = (uint32_t)(choice[2] | choice[3] << 8);
}

/* 0 to 3, another one each time. */
static unsigned
replay_choice(struct replay *r)
{
	unsigned now = r->answers & 3;

	r->answers = r->answers >> 2 | (r->answers << 14 & 0xc000);
	return now;
}

/* Replies are lines of three digits, printable, at most 512 octets. */
static void
replay_check_replies(struct view out)
{
	while (out.len > 0) {
		size_t end = view_find(out, '\n') + 1;
		MUST(end <= out.len && end >= 6 && end <= REPLY_LINE_MAX);
		MUST(out.at[end - 2] == '\r');
		MUST(out.at[0] >= '2' && out.at[0] <= '5');
		MUST(out.at[3] == ' ' || out.at[3] == '-');
		for (size_t i = 0; i < end - 2; i++)
			MUST(out.at[i] >= ' ' && out.at[i] <= '~');
		out = view_slice(out, end, out.len);
	}
}

static void
replay_check(const struct replay *r)
{
	const struct session *s = r->s;
	unsigned stage = s->stage;

	MUST(stage != 0 && (stage & (stage - 1)) == 0 && stage <= 16);
	MUST(s->line.kept.len <= COMMAND_LINE_MAX_BYTES);
	MUST(r->out.len <= SESSION_OUT_CEILING);
	MUST((s->stage == STAGE_START) == (s->helo == NULL));
	MUST(session_is_in_transaction(s) || s->message == NULL);
	MUST(s->message != NULL || s->want == SESSION_WANTS_DELIVERY ||
	     r->f.budget.used == 0);
	MUST(s->pending == NULL || s->want == SESSION_WANTS_RECIPIENT ||
	     s->want == SESSION_WANTS_DOMAINS);
	MUST(s->mode == MODE_LINES || !s->line.is_begun);
	MUST(s->mode != MODE_DATA || s->stage == STAGE_RECIPIENT);
	if (s->message != NULL) {
		MUST(s->message->raw.len <= r->f.state.max_message_bytes);
		MUST(s->message->envelope.recipients <=
		     r->f.settings.recipients);
		MUST((s->message->envelope.recipients > 0) ==
		     ((s->stage & (STAGE_RECIPIENT | STAGE_CHUNKS)) != 0));
	}
	replay_check_replies((struct view){ r->out.at, r->out.len });
}

static void
replay_remember(struct replay *r, const struct message *m)
{
	buf_append(&r->seen, buf_view(&r->out));
	r->out.len = 0;
	buf_append_text(&r->seen, "message <");
	buf_append(&r->seen, m->envelope.sender);
	buf_append_text(&r->seen, ">");
	for (const struct recipient *one = m->envelope.first; one != NULL;
	     one = one->next) {
		MUST(one->address.len > 0 && one->key.len > 0);
		buf_append(&r->seen, one->address);
		buf_append(&r->seen, one->key);
	}
	char *where = buf_reserve(&r->seen, m->raw.len + 1);
	MUST(where != NULL);
	r->seen.len += chain_copy(&m->raw, 0, m->raw.len, where);
}

static bool
replay_answer(struct replay *r)
{
	struct message *m;

	switch (session_want(r->s)) {
	case SESSION_WANTS_DOMAINS:
		if (replay_choice(r) > 1)
			r->f.state.more_domains = r->f.more;
		session_domains_known(r->s, &r->out);
		return true;
	case SESSION_WANTS_RECIPIENT:
		MUST(session_recipient(r->s).len > 0);
		session_recipient_known(r->s, replay_choice(r) % 3, &r->out);
		return true;
	case SESSION_WANTS_ADMISSION:
		MUST(!r->s->may_xclient);
		session_client_admitted(r->s, &r->out);
		return true;
	case SESSION_WANTS_DELIVERY:
		m = session_take_message(r->s);
		replay_remember(r, m);
		message_free(&m);
		session_delivered(r->s, VERDICT_STORED + replay_choice(r),
				  "0192f0c1a2b37c4d8e5f60718293a4b0",
				  &r->out);
		return true;
	case SESSION_WANTS_INPUT:
	case SESSION_WANTS_TLS:
	case SESSION_WANTS_CLOSE:
		break;
	}
	return false;
}

static void
replay_feed(struct replay *r, struct view v)
{
	while (v.len > 0 && session_want(r->s) == SESSION_WANTS_INPUT) {
		size_t n = session_feed(r->s, v, &r->out);
		MUST(n <= v.len);
		bool is_moving = n > 0 || r->out.len > 0;
		replay_check(r);
		while (replay_answer(r)) {
			is_moving = true;
			replay_check(r);
		}
		MUST(is_moving);
		buf_append(&r->seen, buf_view(&r->out));
		r->out.len = 0;
		v = view_slice(v, n, v.len);
	}
}

/* Plays bytes (the first four choose the settings) behind opening, in blocks
 * of step; what was seen is left in r->seen. */
static void
replay_run(struct replay *r, struct view bytes, const char *opening,
	   size_t step)
{
	*r = (struct replay){ .out = BUF(SESSION_OUT_CEILING),
			      .seen = BUF(64 << 20) };
	smtp_fixture_init(&r->f);
	replay_settings(r, (const uint8_t *)bytes.at);
	r->s = session_new(&r->f.settings, &r->f.state, &r->f.budget,
			   &r->f.client);
	if (bytes.at[3] & 1)
		session_allow_xclient(r->s);
	replay_feed(r, view_of(opening));
	for (size_t i = 4; i < bytes.len; i += step)
		replay_feed(r, view_slice(bytes, i,
					  step < bytes.len ? i + step
							   : bytes.len));
	if (session_want(r->s) == SESSION_WANTS_TLS) {
		session_tls_started(r->s, VIEW("TLSv1.3 X"));
		MUST(r->s->stage == STAGE_START && r->s->message == NULL);
	}
	session_end(r->s, SESSION_END_IDLE, &r->out);
	session_free(&r->s);
	MUST(r->f.budget.used == 0);
	buf_release(&r->out);
	smtp_fixture_deinit(&r->f);
}

int
replay_compare(const uint8_t *data, size_t size, const char *opening)
{
	struct view bytes = { (const char *)data, size };
	struct replay whole, part;

	if (size < 5 || size > 20000)
		return 0;
	replay_run(&whole, bytes, opening, size);
	for (int i = 0; i < 2; i++) {
		replay_run(&part, bytes, opening,
			   i == 0 ? 1 : 2 + data[2] % 61);
		/* Where memory ends depends on how the bytes came. */
		if ((data[1] & 128) == 0)
			MUST(view_equal(buf_view(&whole.seen),
					buf_view(&part.seen)));
		buf_release(&part.seen);
	}
	buf_release(&whole.seen);
	return 0;
}
