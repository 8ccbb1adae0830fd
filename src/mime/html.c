/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The little that must be known of HTML. This is no parser: it looks for
 * what a reader would see, and errs towards seeing something. */
#include "mime/html.h"

#include "mime/byte.h"

/* How far browsers look for a charset (WHATWG HTML 13.2.3.2). */
enum { PRESCAN = 1024 };

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Length of the white space that v begins with, one character of it or, in
 * HTML, its name. */
static size_t
blank_len(struct view v, bool is_html)
{
	static const struct view blanks[] = {
		VIEW("\xc2\xa0"), VIEW("\xe2\x80\x8b"), VIEW("\xef\xbb\xbf"),
		VIEW("\xe3\x80\x80"), VIEW("&nbsp;"), VIEW("&#160;"),
		VIEW("&#xa0;"),
	};

	if (is_space(v.at[0]))
		return 1;
	if ((unsigned char)v.at[0] < 0x80 && (!is_html || v.at[0] != '&'))
		return 0;
	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
		if (view_starts_nocase(v, blanks[i]))
			return blanks[i].len;
	return 0;
}

bool
text_is_blank(struct view v)
{
	while (v.len > 0) {
		size_t n = 0;
		while (n < v.len && is_space(v.at[n]))
			n++;
		if (n == 0)
			n = blank_len(v, false);
		if (n == 0)
			return false;
		v = view_slice(v, n, v.len);
	}
	return true;
}

bool
html_is_empty(struct view html)
{
	while (html.len > 0) {
		size_t n = blank_len(html, true);
		if (n == 0 && html.at[0] == '<')
			n = view_find(html, '>') + 1;
		/* A '<' that nothing closes is text. */
		if (n == 0 || n > html.len)
			return false;
		html = view_slice(html, n, html.len);
	}
	return true;
}

static size_t
find_word(struct view v, struct view word)
{
	for (size_t i = 0; i + word.len <= v.len; i++)
		if (view_starts_nocase(view_slice(v, i, v.len), word))
			return i;
	return v.len;
}

struct view
html_meta_charset(struct view html)
{
	html = view_slice(html, 0, PRESCAN);
	for (;;) {
		html = view_slice(html, find_word(html, VIEW("<meta")) + 5,
				  html.len);
		if (html.len == 0)
			return VIEW("");
		/* The value of charset= within one tag. */
		struct view tag = view_slice(html, 0, view_find(html, '>'));
		size_t at = find_word(tag, VIEW("charset")) + 7;
		while (at < tag.len && is_space(tag.at[at]))
			at++;
		if (at >= tag.len || tag.at[at] != '=')
			continue;
		at++;
		while (at < tag.len && (is_space(tag.at[at]) ||
					tag.at[at] == '"' ||
					tag.at[at] == '\''))
			at++;
		size_t end = at;
		while (end < tag.len && !is_space(tag.at[end]) &&
		       !byte_is_one_of(tag.at[end], "\"';/>"))
			end++;
		if (end > at)
			return view_slice(tag, at, end);
	}
}
