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

#include <assert.h>
#include <stdlib.h>

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
	struct structure structure;
	struct content content;
};

struct mime *
mime_new(const struct mime_settings *settings)
{
	struct mime *m = memory_new(1, sizeof(*m));

	gmime_open();
	m->content.sets = charsets_new();
	m->structure.limits = settings;
	return m;
}

void
mime_free(struct mime **m)
{
	if (*m == NULL)
		return;
	charsets_free(&(*m)->content.sets);
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

/* Nothing yet, and the envelope's sender, for a message that names none. */
static void
clear(struct mail *mail, const struct message *message, struct arena *arena)
{
	struct view sender = view_slice(message->envelope.sender, 0,
					COLUMNS_ADDRESS);
	char mended[3 * COLUMNS_ADDRESS];
	size_t len = utf8_mend(sender, mended);
	const struct view none = VIEW("");

	*mail = (struct mail){
		.message = mail->message,
		.from = columns_lower(arena, (struct view){ mended, len }),
		.subject = none, .body = none, .charset = none,
		.content_type = none, .message_id = none, .reply_to = none,
		.sender = none,
	};
}

static struct body
read_structure(struct mime *m)
{
	struct structure *s = &m->structure;
	struct content *c = &m->content;

	structure_read(s, PROBE);
	if (!s->is_done) {
		struct body body = content_choose(c, s);
		bool has_attach = content_has_attachment(s);
		/* Nothing that follows could change the row. */
		if (body.grade == CONTENT_IS_HTML && has_attach)
			return body;
		/* What is left is passed over where the part that goes on is
		 * no text for the body, and nothing but an end that is read
		 * anyhow could bring a better one. */
		const struct part *open = structure_open_part(s);
		size_t len = s->lines.chain->len;
		if (has_attach && body.grade == CONTENT_IS_PLAIN &&
		    open != NULL && len - s->lines.offset > WORTH_A_SKIP &&
		    (open->kind == PART_OTHER || open->kind == PART_IMAGE ||
		     open->is_attachment))
			structure_skip(s, len - TAIL);
	}
	while (!s->is_done && !c->is_late) {
		c->is_late = c->deadline_us > 0 &&
			     clock_thread_cpu_us() > c->deadline_us;
		if (!c->is_late)
			structure_read(s, s->lines.offset + STRIDE);
	}
	structure_end(s);
	return content_choose(c, s);
}

void
mime_read(struct mime *m, const struct message *message, struct arena *arena,
	  struct mail *mail)
{
	struct structure *s = &m->structure;
	struct content *c = &m->content;
	enum charset hint = CHARSET_UNKNOWN;

	clear(mail, message, arena);
	c->raw = &message->raw;
	c->arena = arena;
	c->is_late = false;
	c->deadline_us = 0;
	if (s->limits->cpu_us > 0 && message->raw.len > HAS_DEADLINE)
		c->deadline_us = clock_thread_cpu_us() + s->limits->cpu_us;
	structure_begin(s, &message->raw, arena);
	struct body body = read_structure(m);
	/* Of raw text in the header: what the first parts are in. */
	for (size_t i = 0; i < s->count && i < 4; i++)
		if (s->parts[i].charset.len > 0) {
			hint = charset_named(s->parts[i].charset);
			break;
		}
	struct columns columns = { .settings = s->limits, .sets = c->sets,
				   .arena = arena, .hint = hint };
	mail->limits_met = s->limits_met;
	columns_read(&columns, s->header, mail);
	assert(body.text.len <= CONTENT_MOST);
	mail->body = body.text;
	mail->charset = body.charset;
	mail->content_type = body.type;
	mail->has_attach = content_has_attachment(s);
	if (c->is_late)
		mail->limits_met |= MIME_LIMIT_CPU;
	if (s->size > KEPT_PARTS) {
		free(s->parts);
		s->parts = NULL;
		s->size = 0;
		s->count = 0;
	}
}

/* What stands behind a field's name in a line of the header, mended and
 * without control characters. */
static struct view
plain_text(struct arena *arena, struct view line, size_t name_len)
{
	char mended[3 * COLUMNS_ADDRESS];
	struct view value = view_slice(
		view_trim(view_slice(line, name_len, line.len)), 0,
		COLUMNS_ADDRESS);
	size_t len = 0, n = utf8_mend(value, mended);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)mended[i] >= ' ' && mended[i] != 0x7f)
			mended[len++] = mended[i];
	return arena_copy(arena, (struct view){ mended, len });
}

void
mime_read_plain(const struct message *message, struct arena *arena,
		struct mail *mail)
{
	enum { LINES = 500 };
	static const struct view subject = VIEW("Subject:");
	static const struct view id = VIEW("Message-ID:");
	struct lines lines;
	struct line line;

	clear(mail, message, arena);
	lines_init(&lines, &message->raw);
	for (int i = 0; i < LINES && lines_next(&lines, &line) &&
			line.text.len > 0; i++) {
		if (mail->subject.len == 0 &&
		    view_starts_nocase(line.text, subject))
			mail->subject = plain_text(arena, line.text,
						   subject.len);
		if (mail->message_id.len == 0 &&
		    view_starts_nocase(line.text, id))
			mail->message_id = plain_text(arena, line.text,
						      id.len);
	}
}
