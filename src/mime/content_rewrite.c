/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Content-Type or Content-Disposition written anew. Real mail loses
 * semicolons, quotes and subtypes, and has comments and blanks where none may
 * be; hostile mail names charsets that GMime would keep for ever. */
#include "mime/content_rewrite.h"

#include "mime/byte.h"
#include "mime/charset.h"
#include "mime/gmime_text.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const struct view content_names[CONTENT_NAMES] = {
	[CONTENT_CHARSET] = VIEW("charset"),
	[CONTENT_BOUNDARY] = VIEW("boundary"),
	[CONTENT_NAME] = VIEW("name"), [CONTENT_FILENAME] = VIEW("filename"),
};

/* A value being written anew. */
struct rewriting {
	struct view rest;
	struct text *out;
	bool is_whole[CONTENT_NAMES];   /* was there, not in pieces */
	uint32_t pieces[CONTENT_NAMES]; /* a bit for each that was there */
};

/* One parameter: "name", "name*" coded, "name*1" a piece, "name*1*" both. */
struct parameter {
	int name;
	int piece;              /* -1: whole */
	bool is_coded;
	bool is_quoted;
	struct view value;      /* without quotes, escapes still in it */
};

enum { MOST_PARAMETERS = 64, MOST_PIECES = 32 };

static struct view
take(struct view *rest, size_t n)
{
	struct view taken = view_slice(*rest, 0, n);

	*rest = view_slice(*rest, n, rest->len);
	return taken;
}

/* A comment that does not end is all there is. */
static void
skip_space(struct view *rest)
{
	while (rest->len > 0) {
		size_t n = 1;
		if (rest->at[0] == '(')
			n = byte_comment_len(*rest);
		else if (!byte_is_space(rest->at[0]))
			return;
		(void)take(rest, n > 0 ? n : rest->len);
	}
}

static size_t
len_until(struct view v, const char *stops)
{
	size_t n = 0;

	while (n < v.len && !byte_is_one_of(v.at[n], stops))
		n++;
	return n;
}

/* A quoted string that does not end, ends with its line or at a semicolon. */
static struct view
take_quoted(struct view *rest)
{
	size_t n = byte_quoted_len(*rest);

	if (n > 0)
		return view_slice(take(rest, n), 1, n - 1);
	struct view inside = view_slice(*rest, 1, rest->len);
	n = len_until(inside, "\r\n;");
	(void)take(rest, n + 1);
	return view_slice(inside, 0, n);
}

static void
read_name(struct view text, struct parameter *p)
{
	size_t number = 0;
	size_t star = view_find(text, '*');
	struct view form = view_slice(text, star, text.len);

	*p = (struct parameter){ .name = 0, .piece = -1 };
	while (p->name < CONTENT_NAMES && !view_equal_nocase(
			view_slice(text, 0, star), content_names[p->name]))
		p->name++;
	if (form.len == 0)
		return;
	p->is_coded = form.at[form.len - 1] == '*';
	form = view_slice(form, 1, form.len - (p->is_coded ? 1 : 0));
	if (form.len == 0)
		return;
	if (view_to_size(form, MOST_PIECES - 1, &number))
		p->piece = (int)number;
	else
		p->name = CONTENT_NAMES;
}

/* Takes the next one; false at the end. */
static bool
next_parameter(struct rewriting *r, struct parameter *p)
{
	for (;;) {
		skip_space(&r->rest);
		if (r->rest.len == 0)
			return false;
		struct view name = take(&r->rest, len_until(r->rest,
							    "=;,(\" \t\r\n"));
		skip_space(&r->rest);
		if (r->rest.len > 0 && r->rest.at[0] == '=') {
			(void)take(&r->rest, 1);
			read_name(name, p);
			skip_space(&r->rest);
			p->is_quoted = r->rest.len > 0 && r->rest.at[0] == '"';
			/* A boundary may have blanks inside, even if nobody
			 * put quotes around it. */
			p->value = p->is_quoted ? take_quoted(&r->rest) :
				view_trim(take(&r->rest, len_until(r->rest,
					p->name == CONTENT_BOUNDARY
						? ";\r\n" : "; \t\r\n")));
			return true;
		}
		/* A word without a value: no parameter. */
		if (r->rest.len > 0 && r->rest.at[0] == '"')
			(void)take_quoted(&r->rest);
		else if (name.len == 0 ||
			 (r->rest.len > 0 && r->rest.at[0] == ';'))
			(void)take(&r->rest, 1);
	}
}

static void
put_bytes(struct text *out, const struct parameter *p)
{
	struct view rest = p->value;

	while (rest.len > 0) {
		gmime_text_put(out, take(&rest, len_until(rest, "\"\\'\r\n")));
		char c = rest.len > 0 ? rest.at[0] : '\r';
		if (p->is_quoted && c == '\\' && rest.len > 1) {
			(void)take(&rest, 1);
			c = rest.at[0];
		}
		struct view one = take(&rest, 1);
		if (c == '\r' || c == '\n')
			continue;
		if (c == '"' || c == '\\')
			gmime_text_put(out, VIEW("\\"));
		/* GMime looks for a charset before the first of these. */
		if (p->is_coded && c == '\'')
			one = VIEW("%27");
		gmime_text_put(out, one);
	}
}

/* charset'language'text (RFC 2231 4): the charset as our whitelist has it,
 * which may be none, and no language. */
static void
put_charset(struct text *out, struct parameter *p, bool is_start)
{
	size_t first = view_find(p->value, '\'');
	struct view rest = view_slice(p->value, first + 1, p->value.len);
	size_t second = view_find(rest, '\'');
	const char *name = "UTF-8";

	if (second < rest.len) {
		struct view label = view_slice(p->value, 0, first);
		const char *known = charset_iconv_name(charset_named(label));
		if (known != NULL)
			name = known;
		p->value = view_slice(rest, second + 1, rest.len);
	}
	/* GMime wants it in the first piece that it sees. */
	if (is_start) {
		gmime_text_put(out, view_of(name));
		gmime_text_put(out, VIEW("''"));
	}
}

static void
put_parameter(struct rewriting *r, struct parameter *p)
{
	char form[16] = "";
	uint32_t *pieces = &r->pieces[p->name];
	uint32_t bit = p->piece >= 0 ? UINT32_C(1) << p->piece : 0;
	size_t before = r->out->len;

	assert(p->name < CONTENT_NAMES && p->piece < MOST_PIECES);
	/* Of several the first counts; whole or in pieces. */
	if (r->is_whole[p->name] || (*pieces & bit) != 0 ||
	    (bit == 0 && *pieces != 0))
		return;
	*pieces |= bit;
	r->is_whole[p->name] = bit == 0;
	if (p->piece >= 0)
		(void)snprintf(form, sizeof(form), "*%d", p->piece);
	gmime_text_put(r->out, VIEW("; "));
	gmime_text_put(r->out, content_names[p->name]);
	gmime_text_put(r->out, view_of(form));
	gmime_text_put(r->out, p->is_coded ? VIEW("*=\"") : VIEW("=\""));
	if (p->is_coded && p->piece <= 0)
		put_charset(r->out, p, (*pieces & ~UINT32_C(1)) == 0);
	put_bytes(r->out, p);
	gmime_text_put(r->out, VIEW("\""));
	if (r->out->is_full)
		r->out->len = before;
}

const char *
content_rewrite(struct view value, struct text *out, bool is_type)
{
	struct rewriting r = { .out = out };
	struct parameter p;

	assert(out->len == 0 && out->room >= CONTENT_MOST_SEEN);
	r.rest = view_slice(value, 0, CONTENT_MOST_SEEN);
	skip_space(&r.rest);
	/* "type/subtype" or "attachment"; blanks around the slash are found. */
	while (r.rest.len > 0 &&
	       !byte_is_one_of(r.rest.at[0], ";(,= \t\r\n")) {
		struct view c = take(&r.rest, 1);
		if (c.at[0] > ' ' && c.at[0] < 0x7f &&
		    !byte_is_one_of(c.at[0], "\"'"))
			gmime_text_put(out, c);
		if (c.at[0] == '/' ||
		    view_starts_nocase(view_trim(r.rest), VIEW("/")))
			skip_space(&r.rest);
	}
	size_t slash = view_find((struct view){ out->at, out->len }, '/');
	if (is_type && (slash == 0 || slash + 1 >= out->len)) {
		out->len = 0;
		gmime_text_put(out, VIEW("text/plain"));
	}
	for (int i = 0; i < MOST_PARAMETERS && !out->is_full &&
			next_parameter(&r, &p); i++)
		if (p.name < CONTENT_NAMES)
			put_parameter(&r, &p);
	return gmime_text_end(out);
}
