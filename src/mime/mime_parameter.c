/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters of Content-* fields. Lost semicolons, lost quotes, comments,
 * equal signs with blanks around: all are found in real mail. */
#include "mime/mime_parameter.h"

#include "mime/byte.h"

#include <string.h>

/* Parameters of one field that are looked at, and pieces of one value. */
enum { MOST_PARAMETERS = 256, MOST_PIECES = 32 };

static void
skip_comment(struct view *rest)
{
	size_t n = byte_comment_len(*rest);

	*rest = view_slice(*rest, n > 0 ? n : rest->len, rest->len);
}

void
mime_parameter_skip_space(struct view *rest)
{
	while (rest->len > 0) {
		if (byte_is_space(rest->at[0]))
			*rest = view_slice(*rest, 1, rest->len);
		else if (rest->at[0] == '(')
			skip_comment(rest);
		else
			return;
	}
}

static struct view
take_until(struct view *rest, const char *stops)
{
	size_t n = 0;

	while (n < rest->len && !byte_is_space(rest->at[n]) &&
	       !byte_is_one_of(rest->at[n], stops))
		n++;
	struct view taken = view_slice(*rest, 0, n);
	*rest = view_slice(*rest, n, rest->len);
	return taken;
}

struct view
mime_parameter_take_word(struct view *rest)
{
	mime_parameter_skip_space(rest);
	return take_until(rest, ";(,");
}

/* A quoted string without its closing quote ends with its line, or at the
 * next semicolon. */
static struct view
take_quoted(struct view *rest)
{
	size_t n = byte_quoted_len(*rest);

	if (n == 0) {
		n = 1;
		while (n < rest->len && !byte_is_one_of(rest->at[n], "\r\n;"))
			n++;
		struct view inside = view_slice(*rest, 1, n);
		*rest = view_slice(*rest, n, rest->len);
		return inside;
	}
	struct view inside = view_slice(*rest, 1, n - 1);
	*rest = view_slice(*rest, n, rest->len);
	return inside;
}

/* A boundary may have blanks inside, even if nobody put quotes around it;
 * everything else ends at the first blank. */
static struct view
take_bare(struct view *rest, struct view name)
{
	if (!view_equal_nocase(name, VIEW("boundary")))
		return take_until(rest, ";");
	size_t n = 0;
	while (n < rest->len && rest->at[n] != ';' && rest->at[n] != '\r' &&
	       rest->at[n] != '\n')
		n++;
	struct view taken = view_trim(view_slice(*rest, 0, n));
	*rest = view_slice(*rest, n, rest->len);
	return taken;
}

bool
mime_parameter_next(struct view *rest, struct mime_parameter *out)
{
	for (;;) {
		mime_parameter_skip_space(rest);
		if (rest->len == 0)
			return false;
		if (rest->at[0] == ';' || rest->at[0] == ',') {
			*rest = view_slice(*rest, 1, rest->len);
			continue;
		}
		out->name = take_until(rest, "=;(\"");
		mime_parameter_skip_space(rest);
		if (rest->len > 0 && rest->at[0] == '=')
			break;
		/* A word without a value: no parameter. */
		if (rest->len > 0 && rest->at[0] == '"')
			(void)take_quoted(rest);
		else if (out->name.len == 0)
			*rest = view_slice(*rest, 1, rest->len);
	}
	*rest = view_slice(*rest, 1, rest->len);
	mime_parameter_skip_space(rest);
	out->is_quoted = rest->len > 0 && rest->at[0] == '"';
	out->value = out->is_quoted ? take_quoted(rest) :
				      take_bare(rest, out->name);
	return true;
}

/* What follows the wanted name in a parameter's: "" plain, "*" coded, "*1"
 * a piece, "*1*" a coded piece. -1 where it is another's. */
struct form {
	int piece;              /* -1: not in pieces */
	bool is_coded;
};

static bool
form_of(struct view has, struct view wanted, struct form *out)
{
	size_t number = 0;

	if (!view_starts_nocase(has, wanted))
		return false;
	struct view tail = view_slice(has, wanted.len, has.len);
	*out = (struct form){ -1, false };
	if (tail.len == 0)
		return true;
	if (tail.at[0] != '*')
		return false;
	if (tail.at[tail.len - 1] == '*') {
		out->is_coded = true;
		tail.len--;
	}
	if (tail.len == 0)
		return true;
	if (!view_to_size(view_slice(tail, 1, tail.len), MOST_PIECES, &number))
		return false;
	out->piece = (int)number;
	return true;
}

static void
put(struct text *t, char c)
{
	if (t->len < t->room)
		t->at[t->len++] = c;
	else
		t->is_full = true;
}

static void
put_value(struct text *t, const struct mime_parameter *p)
{
	struct view v = p->value;

	for (size_t i = 0; i < v.len; i++) {
		if (p->is_quoted && v.at[i] == '\\' && i + 1 < v.len)
			i++;
		else if (v.at[i] == '\r' || v.at[i] == '\n')
			continue;
		put(t, v.at[i]);
	}
}

static void
put_coded(struct text *t, struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		int high = i + 2 < v.len ? byte_hex(v.at[i + 1]) : -1;
		int low = i + 2 < v.len ? byte_hex(v.at[i + 2]) : -1;
		if (v.at[i] != '%' || high < 0 || low < 0) {
			put(t, v.at[i]);
			continue;
		}
		put(t, (char)(high * 16 + low));
		i += 2;
	}
}

/* Leaves charset'language' out; a value without it is taken whole. */
static struct view
without_language(struct view v)
{
	size_t first = view_find(v, '\'');
	size_t second = first + 1 +
		view_find(view_slice(v, first + 1, v.len), '\'');

	return second < v.len ? view_slice(v, second + 1, v.len) : v;
}

/* Puts one piece (-1: the whole value); false where it is not there. */
static bool
put_piece(struct text *t, struct view rest, struct view name, int piece)
{
	struct mime_parameter p;
	struct form form;

	for (int i = 0; i < MOST_PARAMETERS; i++) {
		if (!mime_parameter_next(&rest, &p))
			break;
		if (!form_of(p.name, name, &form) || form.piece != piece)
			continue;
		if (!form.is_coded)
			put_value(t, &p);
		else if (piece <= 0)
			put_coded(t, without_language(p.value));
		else
			put_coded(t, p.value);
		return true;
	}
	return false;
}

bool
mime_parameter_find(struct view rest, struct view name, struct text *out)
{
	out->len = 0;
	if (put_piece(out, rest, name, -1))
		return true;
	int pieces = 0;
	while (pieces < MOST_PIECES && put_piece(out, rest, name, pieces))
		pieces++;
	return pieces > 0;
}

bool
mime_parameter_has(struct view rest, struct view name)
{
	struct mime_parameter p;
	struct form form;

	for (int i = 0; i < MOST_PARAMETERS; i++) {
		if (!mime_parameter_next(&rest, &p))
			break;
		if (form_of(p.name, name, &form) && p.value.len > 0)
			return true;
	}
	return false;
}
