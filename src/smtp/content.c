/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DATA (RFC 5321 4.1.1.4) and BDAT (RFC 3030): the bytes of the message, and
 * how the transaction ends. Whatever is wrong with a message, its bytes are
 * read to their true end: none of them is ever run as a command. */
#include "smtp/commands.h"

#include <assert.h>
#include <stdint.h>

static const enum reply fault_replies[] = {
	[DATA_FAULT_MEMORY] = REPLY_FULL,
	[DATA_FAULT_NEWLINE] = REPLY_BARE_NEWLINE,
	[DATA_FAULT_SIZE] = REPLY_TOO_BIG,
};

static void
give_up(struct session *s, enum data_fault fault)
{
	if (s->fault == DATA_FAULT_NONE)
		s->fault = (uint8_t)fault;
	chain_free(&s->message->raw);
}

/* The first byte is yet to come. */
static void
begin(struct session *s)
{
	size_t rows = message_rows(s->message);

	s->data = (struct data){ .at = DATA_AT_LINE_START };
	s->data_bytes = 0;
	s->fault = DATA_FAULT_NONE;
	if (rows > 0 && s->settings->transaction_bytes / rows < s->most_bytes)
		s->most_bytes = s->settings->transaction_bytes / rows;
}

/* Up to the limit even of what goes beyond it: which limit is met first must
 * not depend on how the bytes were cut. */
static void
keep(struct session *s, struct view text)
{
	if (s->fault != DATA_FAULT_NONE)
		return;
	size_t room = s->most_bytes - s->message->raw.len;
	if (!chain_append(&s->message->raw, view_slice(text, 0, room)))
		give_up(s, DATA_FAULT_MEMORY);
	else if (text.len > room)
		give_up(s, DATA_FAULT_SIZE);
}

/* Whether the message is to be refused for a bare CR or LF. */
static bool
has_bare_newline(const struct session *s)
{
	return s->data.has_bare_newline &&
	       !s->settings->accepts_bare_newline &&
	       !s->message->envelope.is_binary;
}

/* A message that will be refused needs no memory from now on. */
static void
check_newlines(struct session *s)
{
	if (!has_bare_newline(s))
		return;
	session_note(s, REMARK_NEWLINE);
	give_up(s, DATA_FAULT_NEWLINE);
}

/* The transaction is over, with this reply; id: of what was accepted. */
static void
end_transaction(struct session *s, enum reply which, const char *id,
		struct buf *out)
{
	session_forget_transaction(s);
	if (id != NULL)
		session_say_with(s, which, id, out);
	else
		session_say(s, which, out);
	if (s->state->is_draining)
		session_hang_up(s, REPLY_STOPPING, out);
}

static void
refuse_message(struct session *s, enum reply which, struct buf *out)
{
	if (reply_class(which) == '5')
		s->counts.mails_refused++;
	else
		s->counts.mails_deferred++;
	session_tell_refusal(s, which, VIEW(""));
	end_transaction(s, which, NULL, out);
}

/* As discard_over_rate says. */
static void
discard_over_rate(struct session *s)
{
	const struct smtp_settings *settings = s->settings;

	if (!settings->discards_over_rate || settings->admits_recipient == NULL)
		return;
	for (struct recipient *r = s->message->envelope.first; r != NULL;
	     r = r->next) {
		if (r->is_discarded || settings->admits_recipient(s->owner, r))
			continue;
		r->is_discarded = true;
		s->counts.recipients_over_rate++;
		session_tell_discard(s, REPLY_OVER_RATE, r->address);
	}
}

/* All of the message has been read. */
static void
finish_message(struct session *s, struct buf *out)
{
	/* Another try will not help it, whatever else went wrong. */
	if (has_bare_newline(s)) {
		session_note(s, REMARK_NEWLINE);
		s->fault = DATA_FAULT_NEWLINE;
	}
	if (s->fault == DATA_FAULT_NONE) {
		discard_over_rate(s);
		s->want = SESSION_WANTS_DELIVERY;
	} else {
		refuse_message(s, fault_replies[s->fault], out);
	}
}

/* Why message bytes cannot be taken now; REPLY_OK where they can. */
static enum reply
obstacle(const struct session *s)
{
	switch ((enum stage)s->stage) {
	case STAGE_START:
		return REPLY_HELLO_FIRST;
	case STAGE_SENDER:
		if (s->has_refused_recipient)
			return REPLY_NO_RECIPIENTS;
		return REPLY_RECIPIENT_FIRST;
	case STAGE_RECIPIENT:
		return s->state->is_memory_tight ? REPLY_FULL : REPLY_OK;
	case STAGE_CHUNKS:
		return REPLY_OK;
	case STAGE_GREETED:
	case STAGE_ANY:
		break;
	}
	return REPLY_RECIPIENT_FIRST;
}

void
content_data(struct session *s, struct view argument, struct buf *out)
{
	enum reply reply = obstacle(s);

	(void)argument;
	if (reply == REPLY_OK && s->message->envelope.is_binary)
		reply = REPLY_NEEDS_CHUNKS;
	if (reply == REPLY_FULL)
		session_tell_refusal(s, reply, VIEW(""));
	if (reply != REPLY_OK) {
		session_refuse(s, reply, out);
		return;
	}
	begin(s);
	s->mode = MODE_DATA;
	session_say(s, REPLY_SEND_DATA, out);
}

/* A failed chunk ends the transaction, so that those behind it find none and
 * fail too. */
static void
fail_chunk(struct session *s, enum reply why, struct buf *out)
{
	if (session_is_in_transaction(s) && s->stage != STAGE_SENDER)
		refuse_message(s, why, out);
	else
		session_refuse(s, why, out);
}

/* All of the chunk has been read. */
static void
finish_chunk(struct session *s, struct buf *out)
{
	s->mode = MODE_LINES;
	/* A CR that nothing follows is bare. */
	if (s->is_last_chunk && s->data.at == DATA_AT_CR)
		s->data.has_bare_newline = true;
	if (s->chunk_reply != REPLY_OK)
		fail_chunk(s, s->chunk_reply, out);
	else if (s->is_last_chunk)
		finish_message(s, out);
	else if (s->fault == DATA_FAULT_SIZE || s->fault == DATA_FAULT_MEMORY)
		fail_chunk(s, fault_replies[s->fault], out);
	else
		session_say(s, REPLY_OK, out);
}

enum chunk_fault
content_parse_chunk(struct view argument, size_t *size_out,
		    bool *is_last_out)
{
	size_t space = view_find(argument, ' ');
	struct view number = view_slice(argument, 0, space);
	struct view word = view_trim(view_slice(argument, space,
						argument.len));

	if (!view_is_digits(number) ||
	    (word.len > 0 && !view_equal_nocase(word, VIEW("LAST"))))
		return CHUNK_BAD;
	if (!view_to_size(number, SIZE_MAX / 2, size_out))
		return CHUNK_HUGE;
	*is_last_out = word.len > 0;
	return CHUNK_GOOD;
}

void
content_bdat(struct session *s, struct view argument, struct buf *out)
{
	switch (content_parse_chunk(argument, &s->chunk_left,
				    &s->is_last_chunk)) {
	case CHUNK_BAD:
		session_refuse(s, REPLY_BAD_ARGUMENT, out);
		return;
	case CHUNK_HUGE:
		/* Nobody waits for its end, so nothing can follow it. */
		session_tell_refusal(s, REPLY_TOO_BIG, VIEW(""));
		session_forget_transaction(s);
		session_hang_up(s, REPLY_TOO_BIG, out);
		return;
	case CHUNK_GOOD:
		break;
	}
	s->chunk_reply = (uint8_t)obstacle(s);
	s->mode = MODE_CHUNK;
	if (s->chunk_reply == REPLY_OK && s->stage != STAGE_CHUNKS) {
		begin(s);
		s->stage = STAGE_CHUNKS;
	}
	if (s->chunk_reply == REPLY_OK &&
	    s->chunk_left > s->most_bytes - s->message->raw.len)
		give_up(s, DATA_FAULT_SIZE);
	if (s->chunk_left > 0)
		s->idle_commands--;
	else
		finish_chunk(s, out);
}

size_t
content_feed(struct session *s, struct view bytes, struct buf *out)
{
	struct view text;
	size_t used = 0;

	if (s->mode == MODE_CHUNK) {
		text = view_slice(bytes, 0, s->chunk_left);
		if (s->chunk_reply == REPLY_OK) {
			data_check(&s->data, text);
			keep(s, text);
			check_newlines(s);
		}
		s->data_bytes += text.len;
		s->chunk_left -= text.len;
		if (s->chunk_left == 0)
			finish_chunk(s, out);
		return text.len;
	}
	assert(s->mode == MODE_DATA);
	while (used < bytes.len && s->data.at != DATA_AT_END) {
		used += data_next(&s->data, view_slice(bytes, used, bytes.len),
				  &text);
		keep(s, text);
	}
	s->data_bytes += used;
	check_newlines(s);
	if (s->data.at == DATA_AT_END) {
		s->mode = MODE_LINES;
		finish_message(s, out);
	}
	return used;
}

void
session_give_up_message(struct session *s)
{
	if (s->message == NULL || !session_is_in_data(s) ||
	    s->want == SESSION_WANTS_DELIVERY)
		return;
	session_note(s, REMARK_MEMORY);
	give_up(s, DATA_FAULT_MEMORY);
}

struct message *
session_take_message(struct session *s)
{
	assert(s->want == SESSION_WANTS_DELIVERY && s->message != NULL);
	struct message *m = s->message;
	s->message = NULL;
	return m;
}

static const enum reply verdict_replies[] = {
	[VERDICT_NONE] = REPLY_STORE_FAULT,
	[VERDICT_STORED] = REPLY_QUEUED,
	[VERDICT_SPOOLED] = REPLY_QUEUED,
	[VERDICT_DISCARDED] = REPLY_QUEUED,
	[VERDICT_TRY_LATER] = REPLY_STORE_FAULT,
	[VERDICT_FULL] = REPLY_FULL,
	[VERDICT_TOO_BIG] = REPLY_TOO_BIG,
	[VERDICT_HEADER_CHECK] = REPLY_HEADER_CHECK,
	[VERDICT_BLOCKED] = REPLY_BLOCKED_SENDER,
	[VERDICT_LOOP] = REPLY_MAIL_LOOP,
	[VERDICT_IN_DOUBT] = REPLY_STORE_FAULT,
};

struct view
session_verdict_code(enum verdict verdict)
{
	assert(verdict < sizeof(verdict_replies) / sizeof(*verdict_replies));
	return reply_code(verdict_replies[verdict]);
}

void
session_delivered(struct session *s, enum verdict verdict, const char *id,
		  struct buf *out)
{
	if (s->want != SESSION_WANTS_DELIVERY)
		return;
	s->want = SESSION_WANTS_INPUT;
	if (verdict == VERDICT_IN_DOUBT) {
		session_forget_transaction(s);
		s->want = SESSION_WANTS_CLOSE;
		return;
	}
	if (verdict_replies[verdict] != REPLY_QUEUED) {
		end_transaction(s, verdict_replies[verdict], NULL, out);
		return;
	}
	assert(id != NULL);
	s->counts.mails++;
	s->idle_commands = 0;
	end_transaction(s, REPLY_QUEUED, id, out);
}
