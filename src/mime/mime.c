/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A raw message to the columns derived from it. */
#include "mime/mime.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "mime/columns.h"
#include "mime/content.h"
#include "mime/gmime_text.h"
#include "mime/structure.h"

#include <stdlib.h>
#include <string.h>

/* Of a large mail the beginning is read first. Where the body is in it and
 * what goes on is an attachment, only the end is read besides: a 25 MB mail
 * costs what a small one does. */
enum {
	PROBE = 512 * 1024,
	TAIL = 64 * 1024,
	WORTH_A_SKIP = 2 * TAIL,
	STRIDE = 1024 * 1024,   /* between two looks at the clock */
	HAS_DEADLINE = 64 * 1024        /* smaller ones cannot take long */
};

/* Memory for the list of parts that is kept from one mail to the next. */
enum { KEPT_PARTS = 64 };

struct mime {
	const struct mime_settings *settings;
	struct charsets *sets;
	struct structure structure;
	struct content content;
};

struct mime *
mime_new(const struct mime_settings *settings)
{
	struct mime *m = memory_new(1, sizeof(*m));

	gmime_open();
	m->settings = settings;
	m->sets = charsets_new();
	m->structure.limits = settings;
	return m;
}

void
mime_free(struct mime **m)
{
	if (*m == NULL)
		return;
	charsets_free(&(*m)->sets);
	free((*m)->structure.parts);
	free(*m);
	*m = NULL;
}

void
mime_warm_up(void)
{
	gmime_open();
	charsets_warm_up();
}

/* The envelope's sender, for a message that names none. */
static struct view
sender_of(const struct message *message, struct arena *arena)
{
	struct view sender = view_slice(message->envelope.sender, 0,
					COLUMNS_ADDRESS);
	char mended[3 * COLUMNS_ADDRESS];
	size_t len = utf8_mend(sender, mended);

	return columns_lower(arena, (struct view){ mended, len });
}

static void
clear(struct mail *mail, const struct message *message, struct arena *arena)
{
	mail->from = sender_of(message, arena);
	mail->subject = VIEW("");
	mail->body = VIEW("");
	mail->charset = VIEW("");
	mail->content_type = VIEW("");
	mail->message_id = VIEW("");
	mail->reply_to = VIEW("");
	mail->sender = VIEW("");
	mail->spam_score = 0;
	mail->received = 0;
	mail->has_attach = false;
	mail->addressed = ADDRESSED_UNKNOWN;
	mail->limits_met = 0;
}

static bool
is_late(struct content *c)
{
	if (c->deadline_us > 0 && clock_thread_cpu_us() > c->deadline_us)
		c->is_late = true;
	return c->is_late;
}

static void
read_on(struct mime *m)
{
	struct structure *s = &m->structure;

	while (!s->is_done && !is_late(&m->content))
		structure_read(s, s->lines.offset + STRIDE);
}

/* Whether what is left can be passed over: the part that goes on is no text
 * for the body, and nothing but an end that is read anyhow could bring a
 * better one. */
static bool
may_skip(const struct mime *m, const struct body *body)
{
	const struct structure *s = &m->structure;
	const struct part *open = structure_open_part(s);

	return body->grade == CONTENT_IS_PLAIN && open != NULL &&
	       (open->kind == PART_OTHER || open->kind == PART_IMAGE ||
		open->is_attachment) &&
	       s->lines.chain->len - s->lines.offset > WORTH_A_SKIP;
}

static struct body
read_structure(struct mime *m)
{
	struct structure *s = &m->structure;

	structure_read(s, PROBE);
	if (!s->is_done) {
		struct body body = content_choose(&m->content, s);
		bool has_attach = content_has_attachment(s);
		/* Nothing that follows could change the row. */
		if (body.grade == CONTENT_IS_HTML && has_attach)
			return body;
		if (has_attach && may_skip(m, &body))
			structure_skip(s, s->lines.chain->len - TAIL);
		read_on(m);
	}
	structure_end(s);
	return content_choose(&m->content, s);
}

static enum charset
hint_of(const struct structure *s)
{
	for (size_t i = 0; i < s->count && i < 4; i++)
		if (s->parts[i].charset.len > 0)
			return charset_named(s->parts[i].charset);
	return CHARSET_UNKNOWN;
}

static void
begin(struct mime *m, const struct message *message, struct arena *arena)
{
	struct content *c = &m->content;

	c->raw = &message->raw;
	c->arena = arena;
	c->sets = m->sets;
	c->is_late = false;
	c->deadline_us = 0;
	if (m->settings->cpu_us > 0 && message->raw.len > HAS_DEADLINE)
		c->deadline_us = clock_thread_cpu_us() + m->settings->cpu_us;
	structure_begin(&m->structure, &message->raw, arena);
}

static void
release(struct structure *s)
{
	if (s->size <= KEPT_PARTS)
		return;
	free(s->parts);
	s->parts = NULL;
	s->size = 0;
	s->count = 0;
}

void
mime_read(struct mime *m, const struct message *message, struct arena *arena,
	  struct mail *mail)
{
	struct structure *s = &m->structure;

	clear(mail, message, arena);
	begin(m, message, arena);
	struct body body = read_structure(m);
	struct columns columns = { .settings = m->settings, .sets = m->sets,
				   .arena = arena, .hint = hint_of(s) };
	mail->limits_met = s->limits_met;
	columns_read(&columns, s->header, mail);
	mail->body = body.text;
	mail->charset = body.charset;
	mail->content_type = body.type;
	mail->has_attach = content_has_attachment(s);
	if (m->content.is_late)
		mail->limits_met |= MIME_LIMIT_CPU;
	release(s);
}

/* One line of the header, mended and without control characters. */
static struct view
plain_text(struct arena *arena, struct view value)
{
	value = view_slice(value, 0, COLUMNS_ADDRESS);
	size_t room = 3 * value.len;
	char *text = arena_reserve(arena, room);
	size_t len = 0;
	char mended[3 * COLUMNS_ADDRESS];
	size_t n = utf8_mend(value, mended);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)mended[i] >= ' ' && mended[i] != 0x7f)
			text[len++] = mended[i];
	arena_shrink(arena, text, room, len);
	return (struct view){ text, len };
}

void
mime_read_plain(struct mime *m, const struct message *message,
		struct arena *arena, struct mail *mail)
{
	enum { LINES = 500 };
	static const struct view subject = VIEW("Subject:");
	static const struct view id = VIEW("Message-ID:");
	struct lines lines;
	struct line line;

	(void)m;
	clear(mail, message, arena);
	lines_init(&lines, &message->raw);
	for (int i = 0; i < LINES && lines_next(&lines, &line); i++) {
		struct view text = line.text;
		if (text.len == 0)
			return;
		if (mail->subject.len == 0 && view_starts_nocase(text, subject))
			mail->subject = plain_text(arena, view_trim(
				view_slice(text, subject.len, text.len)));
		if (mail->message_id.len == 0 && view_starts_nocase(text, id))
			mail->message_id = plain_text(arena, view_trim(
				view_slice(text, id.len, text.len)));
	}
}
