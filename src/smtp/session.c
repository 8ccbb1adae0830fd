/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conversation as its caller sees it: made, fed, answered, ended. What
 * the verbs do stands in the files named after them. */
#include "smtp/session.h"

#include "smtp/commands.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct session *
session_new(const struct smtp_settings *settings,
	    const struct smtp_state *state, struct budget *budget,
	    const struct address *client)
{
	struct session *s = memory_new(1, sizeof(*s));

	s->settings = settings;
	s->state = state;
	s->budget = budget;
	s->client = *client;
	s->want = SESSION_WANTS_INPUT;
	s->stage = STAGE_START;
	s->mode = MODE_LINES;
	s->may_starttls = true;
	return s;
}

void
session_free(struct session **s)
{
	if (*s == NULL)
		return;
	session_start_over(*s);
	command_line_forget(&(*s)->line);
	free((*s)->tls);
	free(*s);
	*s = NULL;
}

void
session_forbid_starttls(struct session *s)
{
	s->may_starttls = false;
}

void
session_allow_xclient(struct session *s)
{
	s->may_xclient = true;
}

void
session_set_owner(struct session *s, void *owner)
{
	s->owner = owner;
}

void
session_greet(struct session *s, struct buf *out)
{
	session_say(s, REPLY_GREETING, out);
}

/* ---- Input ------------------------------------------------------------- */

static void
run_line(struct session *s, enum command_line_kind kind, struct view line,
	 struct buf *out)
{
	s->counts.lines++;
	s->events |= SESSION_NEW_LINE;
	s->idle_commands++;
	if (s->settings->commands > 0 &&
	    s->idle_commands > s->settings->commands) {
		session_forget_transaction(s);
		session_hang_up(s, REPLY_TOO_MANY_COMMANDS, out);
	} else if (kind == COMMAND_LINE_WHOLE) {
		verbs_run(s, line, out);
	} else if (kind == COMMAND_LINE_TOO_LONG) {
		session_refuse(s, REPLY_LINE_TOO_LONG, out);
	} else if (!s->line.has_bare_lf) {
		session_note(s, REMARK_LINE);
		session_refuse(s, REPLY_BAD_LINE, out);
	}
}

static size_t
feed_line(struct session *s, struct view bytes, struct buf *out)
{
	struct view line;
	enum command_line_kind kind;
	bool had_bare_lf = s->line.has_bare_lf;

	size_t used = command_line_feed(&s->line, bytes, &line, &kind);
	enum foreign foreign = command_foreign(line);
	if (foreign != FOREIGN_NONE) {
		session_note(s, foreign == FOREIGN_TLS ? REMARK_TLS
						       : REMARK_HTTP);
		session_forget_transaction(s);
		session_hang_up(s, REPLY_FOREIGN_PROTOCOL, out);
	} else if (kind == COMMAND_LINE_PARTIAL) {
		return used;
	} else if (kind == COMMAND_LINE_BARE_LF) {
		/* A client that ends its lines so would wait for ever for an
		 * answer at their CRLF. The line has it now; each LF more is
		 * an error of its own. */
		if (had_bare_lf) {
			session_count_error(s, out);
			return used;
		}
		session_note(s, REMARK_LINE);
		session_refuse(s, REPLY_BARE_LF, out);
		return used;
	} else {
		run_line(s, kind, line, out);
	}
	command_line_forget(&s->line);
	return used;
}

size_t
session_feed(struct session *s, struct view bytes, struct buf *out)
{
	size_t used = 0;

	while (used < bytes.len && s->want == SESSION_WANTS_INPUT &&
	       out->len < SESSION_OUT_HIGH) {
		struct view rest = view_slice(bytes, used, bytes.len);
		if (s->mode == MODE_LINES)
			used += feed_line(s, rest, out);
		else
			used += content_feed(s, rest, out);
	}
	/* What came in clear behind STARTTLS must not be taken for what comes
	 * encrypted (CVE-2011-0411). */
	return s->want == SESSION_WANTS_TLS ? bytes.len : used;
}

void
session_tls_started(struct session *s, struct view version_and_cipher)
{
	session_start_over(s);
	command_line_forget(&s->line);
	free(s->tls);
	s->tls = memory_resize(NULL, version_and_cipher.len + 1);
	memcpy(s->tls, version_and_cipher.at, version_and_cipher.len);
	s->tls[version_and_cipher.len] = '\0';
	s->want = SESSION_WANTS_INPUT;
}

/* ---- Remarks and the end ------------------------------------------------ */

const char *
session_remark(struct session *s)
{
	static const struct {
		enum remark remark;
		const char *text;
	} remarks[] = {
		{ REMARK_HTTP, "HTTP on an SMTP port" },
		{ REMARK_TLS, "TLS in clear" },
		{ REMARK_NEWLINE, "bare CR or LF in data" },
		{ REMARK_LINE, "bare CR, LF or NUL in a command" },
		{ REMARK_ERRORS, "too many errors" },
		{ REMARK_XCLIENT, "XCLIENT without permission" },
		{ REMARK_MEMORY, "message given up for want of memory" },
	};

	for (size_t i = 0; i < sizeof(remarks) / sizeof(*remarks); i++) {
		if ((s->remarks_due & remarks[i].remark) == 0)
			continue;
		s->remarks_due &= (uint8_t)~remarks[i].remark;
		return remarks[i].text;
	}
	return NULL;
}

void
session_end(struct session *s, enum session_end why, struct buf *out)
{
	static const enum reply replies[] = {
		[SESSION_END_IDLE] = REPLY_IDLE,
		[SESSION_END_SLOW] = REPLY_SLOW,
		[SESSION_END_STOPPING] = REPLY_STOPPING,
		[SESSION_END_RATE] = REPLY_TOO_MANY_CONNECTIONS,
		[SESSION_END_OVERLOAD] = REPLY_OVERLOAD,
		[SESSION_END_NO_STORE] = REPLY_NO_STORE,
		[SESSION_END_BLOCKED] = REPLY_BLOCKED,
		[SESSION_END_EARLY] = REPLY_EARLY,
	};
	enum session_want want = s->want;

	assert((size_t)why < sizeof(replies) / sizeof(*replies));
	session_forget_transaction(s);
	s->want = SESSION_WANTS_CLOSE;
	/* Clear text has no place in a TLS handshake, nor behind a goodbye. */
	if (want != SESSION_WANTS_TLS && want != SESSION_WANTS_CLOSE)
		session_say(s, replies[why], out);
}

/* ---- What the caller may know ------------------------------------------ */

enum session_want
session_want(const struct session *s)
{
	return s->want;
}

bool
session_is_mid_command(const struct session *s)
{
	return s->line.is_begun;
}

const struct address *
session_client(const struct session *s)
{
	return &s->client;
}

size_t
session_message_bytes(const struct session *s)
{
	return s->message != NULL ? s->message->raw.len : 0;
}

size_t
session_data_bytes(const struct session *s)
{
	return s->data_bytes;
}

bool
session_has_quit(const struct session *s)
{
	return s->has_quit;
}

unsigned
session_events(struct session *s)
{
	unsigned events = s->events;

	s->events = 0;
	return events;
}

struct session_counts
session_counts(const struct session *s)
{
	return s->counts;
}
