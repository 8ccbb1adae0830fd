/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all verbs need of a session: replies said and counted, messages and
 * transactions forgotten. */
#include "smtp/session_state.h"

#include "base/scoreboard.h"

#include <assert.h>
#include <stdlib.h>

static_assert((int)REPLIES <= (int)SERIES_VALUES, "each reply is counted");

void
session_say(struct session *s, enum reply which, struct buf *out)
{
	slot_count_in(s->state->slot, SERIES_REPLIES, which);
	reply_append(out, which, s->settings->hostname);
}

void
session_say_with(struct session *s, enum reply which, const char *words,
		 struct buf *out)
{
	slot_count_in(s->state->slot, SERIES_REPLIES, which);
	reply_append_with(out, which, words);
}

void
session_hang_up(struct session *s, enum reply which, struct buf *out)
{
	session_say(s, which, out);
	s->want = SESSION_WANTS_CLOSE;
}

static void
tell(const struct session *s, enum reply which, struct view address,
     bool is_discarded)
{
	const struct message *m = s->message;

	if (s->settings->refused == NULL)
		return;
	s->settings->refused(s->owner, &(struct smtp_refusal){
		.message = m,
		.helo = view_of(s->helo),
		.sender = m != NULL ? m->envelope.sender : address,
		.recipient = m != NULL ? address : VIEW(""),
		.code = reply_code(which),
		.words = reply_words(which),
		.is_message = m != NULL && address.len == 0,
		.is_discarded = is_discarded,
	});
}

void
session_tell_refusal(const struct session *s, enum reply which,
		     struct view address)
{
	tell(s, which, address, false);
}

void
session_tell_discard(const struct session *s, enum reply which,
		     struct view address)
{
	tell(s, which, address, true);
}

void
session_count_error(struct session *s, struct buf *out)
{
	size_t most = s->state->is_under_pressure ? 1 : s->settings->errors;

	s->counts.errors++;
	if (s->counts.errors < most)
		return;
	session_note(s, REMARK_ERRORS);
	session_forget_transaction(s);
	session_hang_up(s, REPLY_TOO_MANY_ERRORS, out);
}

void
session_refuse(struct session *s, enum reply which, struct buf *out)
{
	session_say(s, which, out);
	if (reply_class(which) == '5')
		session_count_error(s, out);
}

size_t
message_rows(const struct message *m)
{
	size_t rows = 0;

	if (m->envelope.is_blocked)
		return 0;
	for (const struct recipient *r = m->envelope.first; r != NULL;
	     r = r->next)
		rows += r->is_discarded ? 0 : 1;
	return rows;
}

void
message_free(struct message **m)
{
	if (*m == NULL)
		return;
	struct budget *budget = (*m)->arena.budget;
	arena_free(&(*m)->arena);
	chain_free(&(*m)->raw);
	free(*m);
	budget_give(budget, sizeof(**m));
	*m = NULL;
}

void
session_note(struct session *s, enum remark remark)
{
	if ((s->remarks_said & remark) == 0)
		s->remarks_due |= (uint8_t)remark;
	s->remarks_said |= (uint8_t)remark;
}

void
session_forget_transaction(struct session *s)
{
	if (session_is_in_transaction(s))
		s->has_had_transaction = true;
	if (s->message != NULL && s->settings->gives_up != NULL)
		s->settings->gives_up(s->owner, s->message);
	message_free(&s->message);
	s->pending = NULL;
	s->chunk_left = 0;
	s->data_bytes = 0;
	s->fault = DATA_FAULT_NONE;
	s->mode = MODE_LINES;
	s->has_refused_recipient = false;
	s->stage = s->helo != NULL ? STAGE_GREETED : STAGE_START;
}

void
session_start_over(struct session *s)
{
	session_forget_transaction(s);
	free(s->helo);
	s->helo = NULL;
	s->is_ehlo = false;
	s->stage = STAGE_START;
}

bool
session_is_in_transaction(const struct session *s)
{
	return (s->stage & (STAGE_START | STAGE_GREETED)) == 0;
}

bool
session_is_in_data(const struct session *s)
{
	return s->mode != MODE_LINES || s->stage == STAGE_CHUNKS;
}
