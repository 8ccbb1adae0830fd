/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a configuration file. libconfuse has its own lexer, but that
 * miscounts lines after comments, passes over bytes it does not know, and
 * takes an unfinished comment or section for a finished one; so the file is
 * taken apart here, by the same rules, and libconfuse gets clean text. */
#include "config/lexer.h"

#include <assert.h>
#include <string.h>

/* What ends a word in libconfuse's lexer. */
static const char not_in_a_word[] = " \t\r\n#\"'={}()+,*";

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static struct token
bad(const struct scanner *s, const char *why)
{
	return (struct token){ TOKEN_BAD, view_of(why), s->line };
}

static bool
starts_with(const struct scanner *s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s->rest.len >= len && memcmp(s->rest.at, prefix, len) == 0;
}

static void
skip(struct scanner *s, size_t n)
{
	assert(n <= s->rest.len);
	for (size_t i = 0; i < n; i++)
		if (s->rest.at[i] == '\n')
			s->line++;
	s->rest = view_slice(s->rest, n, s->rest.len);
}

static struct token
take(struct scanner *s, enum token_kind kind, size_t n)
{
	struct token t = { kind, view_slice(s->rest, 0, n), s->line };

	skip(s, n);
	return t;
}

/* False at a comment without an end. */
static bool
skip_blanks(struct scanner *s)
{
	while (s->rest.len > 0) {
		size_t n = 0;
		if (is_one_of(s->rest.at[0], " \t\r\n"))
			n = 1;
		else if (starts_with(s, "#") || starts_with(s, "//"))
			n = view_find(s->rest, '\n');
		else if (starts_with(s, "/*"))
			for (n = 4; n <= s->rest.len &&
				    memcmp(s->rest.at + n - 2, "*/", 2) != 0;)
				n++;
		else
			return true;
		if (n > s->rest.len)
			return false;
		skip(s, n);
	}
	return true;
}

/* Bytes of "${NAME}" at the front of v; 0 where it is not closed. */
static size_t
variable_length(struct view v)
{
	size_t close = view_find(v, '}');

	if (close == v.len || memchr(v.at, '\n', close) != NULL ||
	    memchr(v.at, '"', close) != NULL)
		return 0;
	return close + 1;
}

static struct token
take_string(struct scanner *s)
{
	struct view rest = s->rest;
	char quote = rest.at[0];
	size_t i = 1;

	while (i < rest.len && rest.at[i] != quote) {
		if (rest.at[i] == '\0')
			return bad(s, "a NUL byte in a string");
		size_t n = rest.at[i] == '\\' ? 2 : 1;
		if (quote == '"' && rest.at[i] == '$' && i + 1 < rest.len &&
		    rest.at[i + 1] == '{')
			n = variable_length(view_slice(rest, i, rest.len));
		if (n == 0)
			return bad(s, "\"${\" without \"}\" in a string; "
				      "single quotes keep it as it is");
		i += n;
	}
	if (i >= rest.len)
		return bad(s, "a string is not closed");
	return take(s, TOKEN_STRING, i + 1);
}

static struct token
take_word(struct scanner *s)
{
	struct view rest = s->rest;
	size_t n = 0;

	if (starts_with(s, "${")) {
		n = variable_length(rest);
		return n > 0 ? take(s, TOKEN_WORD, n) :
			       bad(s, "\"${\" without \"}\"");
	}
	while (n < rest.len && rest.at[n] != '\0' &&
	       !is_one_of(rest.at[n], not_in_a_word)) {
		/* A comment may follow without a space. */
		if (rest.at[n] == '/' && n + 1 < rest.len &&
		    is_one_of(rest.at[n + 1], "/*"))
			break;
		n++;
	}
	return n > 0 ? take(s, TOKEN_WORD, n) :
		       bad(s, "a character that needs quotes");
}

struct token
token_next(struct scanner *s)
{
	if (!skip_blanks(s))
		return bad(s, "a comment is not closed");
	if (s->rest.len == 0)
		return (struct token){ TOKEN_END, VIEW(""), s->line };
	if (s->rest.at[0] == '\0')
		return bad(s, "a NUL byte");
	if (starts_with(s, "+="))
		return take(s, TOKEN_MARK, 2);
	if (is_one_of(s->rest.at[0], "{}()=,"))
		return take(s, TOKEN_MARK, 1);
	if (is_one_of(s->rest.at[0], "\"'"))
		return take_string(s);
	return take_word(s);
}

bool
token_is(const struct token *t, const char *mark)
{
	return t->kind == TOKEN_MARK && view_equal(t->text, view_of(mark));
}

bool
token_is_value(const struct token *t)
{
	return t->kind == TOKEN_WORD || t->kind == TOKEN_STRING;
}
