/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body: which part it is, and its text: transfer encoding undone, charset
 * found out and converted, in steps of bounded size. */
#include "mime/content.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "mime/columns.h"
#include "mime/html.h"

#include <assert.h>
#include <string.h>

/* The decoded bytes of a part, one step after the other. */
struct stream {
	struct content *c;
	const struct piece *piece;
	size_t at;              /* in the piece */
	size_t left;            /* of the part, still encoded */
	struct transfer transfer;
	bool is_finished;
	unsigned steps;
};

static void
stream_open(struct stream *st, struct content *c, const struct part *part)
{
	enum { LOOKED_AT = 1024 };
	char bytes[LOOKED_AT + 1];
	enum transfer_encoding encoding = part->encoding;
	size_t from = part->from, len = part->to - part->from;

	*st = (struct stream){ .c = c, .piece = c->raw->first, .left = len };
	while (st->piece != NULL && from >= st->piece->len) {
		from -= st->piece->len;
		st->piece = st->piece->next;
	}
	st->at = from;
	/* What claims to be uuencoded and has no beginning of that is text. */
	if (encoding == TRANSFER_UUENCODE) {
		bytes[0] = '\n';
		len = chain_copy(c->raw, part->from,
				 len < LOOKED_AT ? len : LOOKED_AT, bytes + 1);
		if (memmem(bytes, len + 1, "\nbegin ", 7) == NULL)
			encoding = TRANSFER_PLAIN;
	}
	transfer_init(&st->transfer, encoding);
}

/* What the current piece has of the part. */
static struct view
stream_piece(const struct stream *st)
{
	if (st->piece == NULL || st->left == 0)
		return VIEW("");
	return view_slice((struct view){ st->piece->bytes + st->at,
					 st->piece->len - st->at },
			  0, st->left);
}

/* Fills c->step; empty at the end. */
static struct view
stream_next(struct stream *st)
{
	enum { STEPS_A_LOOK = 8 };      /* at the clock: a system call */
	struct content *c = st->c;
	char *out = c->step;
	size_t len = 0;

	if (!c->is_late && c->deadline_us > 0 &&
	    ++st->steps % STEPS_A_LOOK == 0)
		c->is_late = clock_thread_cpu_us() > c->deadline_us;
	if (c->is_late)
		return VIEW("");
	while (len < CONTENT_STEP - TRANSFER_ROOM) {
		struct view piece = stream_piece(st);
		if (piece.len == 0)
			break;
		struct view rest = piece;
		len += transfer_decode(&st->transfer, &rest, out + len,
				       CONTENT_STEP - len);
		size_t used = piece.len - rest.len;
		st->at += used;
		st->left -= used;
		if (st->at == st->piece->len) {
			st->piece = st->piece->next;
			st->at = 0;
		}
		if (rest.len > 0)
			break;
	}
	if (stream_piece(st).len == 0 && !st->is_finished &&
	    len <= CONTENT_STEP - TRANSFER_ROOM) {
		st->is_finished = true;
		len += transfer_finish(&st->transfer, out + len);
	}
	return (struct view){ out, len };
}

/* What was found out of a part before it is converted. */
struct source {
	struct content *c;
	const struct part *part;
	struct view first;      /* the first step, decoded */
	bool is_whole;          /* first is all there is */
	enum charset charset;
	size_t mark;            /* bytes of a byte order mark */
};

/* A byte order mark outranks what the header says, as in browsers. Returns
 * the name of what it marks, empty without one. */
static struct view
take_mark(struct source *src)
{
	static const struct {
		struct view mark;
		enum charset charset;
		struct view name;
	} marks[] = {
		{ VIEW("\xef\xbb\xbf"), CHARSET_UTF_8, VIEW("utf-8") },
		{ VIEW("\xff\xfe\0\0"), CHARSET_UTF_32LE,
		  VIEW("utf-32le") },
		{ VIEW("\xff\xfe"), CHARSET_UTF_16LE, VIEW("utf-16le") },
		{ VIEW("\xfe\xff"), CHARSET_UTF_16BE, VIEW("utf-16be") },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct view mark = marks[i].mark;
		if (!view_equal(view_slice(src->first, 0, mark.len), mark))
			continue;
		src->charset = marks[i].charset;
		src->mark = mark.len;
		return marks[i].name;
	}
	return VIEW("");
}

/* Whether all of the part is UTF-8; only what was not looked at is decoded
 * once more. */
static bool
is_utf8(struct source *src)
{
	struct stream st;
	char joint[4 + CONTENT_STEP];
	size_t held = 0;

	if (src->is_whole)
		return utf8_is_valid(src->first);
	stream_open(&st, src->c, src->part);
	for (;;) {
		struct view step = stream_next(&st);
		if (step.len == 0)
			break;
		memcpy(joint + held, step.at, step.len);
		struct view v = { joint, held + step.len };
		size_t tail = text_open_tail(v);
		if (!utf8_is_valid(view_slice(v, 0, v.len - tail)))
			return false;
		memmove(joint, joint + v.len - tail, tail);
		held = tail;
	}
	return held == 0;
}

/* Of a part that declares none: what an HTML text says of itself, in lower
 * case, if that is a charset; else what its bytes are. */
static struct view
assume(struct source *src)
{
	struct view first = src->first, name = VIEW("");

	if (src->part->kind == PART_HTML)
		name = html_meta_charset(first);
	src->charset = charset_named(name);
	/* Text that can say so in ASCII is no UTF-16 (WHATWG). */
	if (src->charset == CHARSET_UTF_16LE ||
	    src->charset == CHARSET_UTF_16BE) {
		src->charset = CHARSET_UTF_8;
		return VIEW("utf-8");
	}
	if (src->charset != CHARSET_UNKNOWN &&
	    src->charset != CHARSET_US_ASCII)
		return columns_lower(src->c->arena, name);
	if (first.len > 0 && memchr(first.at, '\x1b', first.len) != NULL &&
	    convert_is_clean(src->c->sets, CHARSET_ISO_2022_JP,
			     view_slice(first, 0, CONTENT_STEP))) {
		src->charset = CHARSET_ISO_2022_JP;
		return VIEW("iso-2022-jp");
	}
	src->charset = is_utf8(src) ? CHARSET_UTF_8 : CHARSET_WINDOWS_1252;
	return src->charset == CHARSET_UTF_8 ? VIEW("utf-8") :
					       VIEW("windows-1252");
}

/* Settles the charset; returns its name for the row. */
static struct view
settle(struct source *src)
{
	struct view declared = src->part->charset;
	enum charset said = charset_named(declared);

	struct view marked = take_mark(src);
	if (marked.len > 0)
		return declared.len > 0 ? declared : marked;
	src->charset = said;
	if (said != CHARSET_UNKNOWN && said != CHARSET_US_ASCII)
		return declared;
	struct view assumed = assume(src);
	return declared.len > 0 ? declared : assumed;
}

static struct view
convert(struct source *src, struct stream *st)
{
	size_t len = src->is_whole ? src->first.len :
				     src->part->to - src->part->from;
	/* Most bytes of UTF-8 that the part can become. */
	size_t room = len < CONTENT_MOST / 3 ? 3 * len : CONTENT_MOST;
	struct text text = { arena_reserve(src->c->arena, room), 0, room,
			     false };
	struct converter converter;

	assert(src->mark <= src->first.len);
	converter_init(&converter, src->c->sets, src->charset, &text);
	if (!src->is_whole) {
		stream_open(st, src->c, src->part);
		src->first = stream_next(st);
	}
	struct view step = view_slice(src->first, src->mark, src->first.len);
	while (step.len > 0 && !text.is_full) {
		converter_feed(&converter, step);
		step = src->is_whole ? VIEW("") : stream_next(st);
	}
	converter_end(&converter);
	arena_shrink(src->c->arena, text.at, room, text.len);
	src->c->made = text.at;
	src->c->made_size = text.len;
	return (struct view){ text.at, text.len };
}

/* The decoded text of one part, and its charset for the row. It lies in the
 * message, or is the newest in the arena, which c->made says then. */
static struct view
text_of(struct content *c, const struct part *part, struct view *charset_out)
{
	struct source src = { .c = c, .part = part };
	struct stream st;

	assert(part->from <= part->to && part->to <= c->raw->len);
	c->made = NULL;
	stream_open(&st, c, part);
	src.first = stream_piece(&st);
	/* All there is, as it lies in the message itself. */
	bool is_raw = part->encoding == TRANSFER_PLAIN &&
		      src.first.len == st.left;
	src.is_whole = is_raw;
	if (!is_raw) {
		src.first = stream_next(&st);
		src.is_whole = st.left == 0 && st.is_finished;
	}
	*charset_out = settle(&src);
	bool is_utf8_text = src.charset == CHARSET_UTF_8 ||
			    src.charset == CHARSET_UNKNOWN ||
			    src.charset == CHARSET_US_ASCII;
	if (!is_utf8_text || !src.is_whole ||
	    src.first.len > CONTENT_MOST || !utf8_is_valid(src.first) ||
	    memchr(src.first.at, '\0', src.first.len) != NULL)
		return convert(&src, &st);
	struct view text = view_slice(src.first, src.mark, src.first.len);
	if (is_raw)
		return text;
	c->made_size = text.len;
	c->made = arena_reserve(c->arena, text.len);
	if (text.len > 0)
		memcpy(c->made, text.at, text.len);
	return (struct view){ c->made, text.len };
}

/* What each round of the search takes, best first. The text of a message
 * within is the last resort: it is not what this one says. */
static const struct round {
	enum part_kind kind;
	bool is_within;         /* of messages within this one */
	bool may_be_tags;       /* HTML of tags only, as of one picture */
	enum content_grade grade;
} rounds[] = {
	{ PART_HTML, false, false, CONTENT_IS_HTML },
	{ PART_PLAIN, false, false, CONTENT_IS_PLAIN },
	{ PART_HTML, false, true, CONTENT_FALLBACK },
	{ PART_TEXT, false, true, CONTENT_FALLBACK },
	{ PART_HTML, true, false, CONTENT_FALLBACK },
	{ PART_PLAIN, true, false, CONTENT_FALLBACK },
	{ PART_HTML, true, true, CONTENT_FALLBACK },
	{ PART_TEXT, true, true, CONTENT_FALLBACK },
};

/* Each round looks at as many parts as this at most: a thousand empty ones
 * are not decoded again and again. */
enum { MOST_TRIES = 32 };

struct body
content_choose(struct content *c, const struct structure *s)
{
	struct view charset = VIEW("");

	for (size_t r = 0; r < sizeof(rounds) / sizeof(rounds[0]); r++) {
		const struct round *round = &rounds[r];
		size_t tries = 0;
		for (size_t i = 0; i < s->count && tries < MOST_TRIES; i++) {
			const struct part *part = &s->parts[i];
			/* A message that is nothing but an attached text is
			 * shown all the same. */
			if (part->kind != round->kind ||
			    (part->messages > 0) != round->is_within ||
			    !part->is_closed || part->to <= part->from ||
			    (part->is_attachment && i > 0))
				continue;
			tries++;
			if (c->is_late)
				break;
			struct view text = text_of(c, part, &charset);
			bool is_empty = part->kind == PART_HTML &&
					!round->may_be_tags
					? html_is_empty(text)
					: text_is_blank(text);
			if (!is_empty)
				return (struct body){ text, charset,
						      part->type,
						      round->grade };
			/* It is not wanted: the memory goes back. */
			if (c->made != NULL && c->made_size > 0)
				arena_shrink(c->arena, c->made, c->made_size,
					     0);
		}
	}
	return (struct body){ VIEW(""), VIEW(""), VIEW(""), CONTENT_NONE };
}

/* "A leaf with disposition attachment or a file name, or neither text nor an
 * inline image with a Content-ID". A container counts where it says so. */
bool
content_has_attachment(const struct structure *s)
{
	for (const struct part *part = s->parts;
	     part < s->parts + s->count; part++) {
		if (part->is_attachment || part->has_name)
			return true;
		switch (part->kind) {
		case PART_IMAGE:
			if (!part->is_inline || !part->has_id)
				return true;
			break;
		case PART_OTHER:
			if (!part->is_unopened)
				return true;
			break;
		case PART_HTML:
		case PART_PLAIN:
		case PART_TEXT:
		case PART_MULTIPART:
		case PART_MESSAGE:
			break;
		}
	}
	return false;
}
