/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses in header fields. One pass keeps what an address could consist
 * of and decides at each comma; the library's parser recurses into groups
 * until the stack ends. */
#include "mime/mailbox.h"

#include "mime/byte.h"

#include <string.h>

/* The item between two commas, without comments. */
struct item {
	char *at;
	size_t len;
};

struct mailbox_search {
	struct view rest;
	struct item item;
	struct view lone;       /* the first single word without '@' */
	size_t found;           /* length of the address, 0: not yet */
};

static void
put(struct item *item, char c)
{
	item->at[item->len++] = c;
}

/* Copies a quoted string with its quotes. One that never ends is no string:
 * its quote stands for nothing. */
static void
take_quoted(struct mailbox_search *s)
{
	size_t n = byte_quoted_len(s->rest);

	for (size_t i = 0; i < n; i++)
		put(&s->item, s->rest.at[i]);
	s->rest = view_slice(s->rest, n > 0 ? n : 1, s->rest.len);
}

static void
skip_comment(struct view *rest)
{
	size_t n = byte_comment_len(*rest);

	*rest = view_slice(*rest, n > 0 ? n : 1, rest->len);
}

/* Length of the word that v begins with; quoted parts belong to it. */
static size_t
word_len(struct view v)
{
	bool is_quoted = false;
	size_t n = 0;

	for (; n < v.len; n++) {
		if (v.at[n] == '\\')
			n++;
		else if (v.at[n] == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && byte_is_space(v.at[n]))
			break;
	}
	return n < v.len ? n : v.len;
}

/* Takes blanks away around '@' and '.', where only the obsolete grammar has
 * them, and at both ends. */
static void
close_up(struct item *item)
{
	bool is_quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < item->len; i++) {
		char c = item->at[i];
		bool is_joint = !is_quoted && (c == '@' || c == '.');
		if (c == '"')
			is_quoted = !is_quoted;
		while (is_joint && n > 0 && byte_is_space(item->at[n - 1]))
			n--;
		item->at[n++] = c;
		while (is_joint && i + 1 < item->len &&
		       byte_is_space(item->at[i + 1]))
			i++;
	}
	item->len = n;
}

/* Whether v is local-part@domain, and nothing else is in it. */
static bool
is_address(struct view v)
{
	size_t at = view_find_last(v, '@');

	if (at == 0 || at + 1 >= v.len)
		return false;
	for (size_t i = at + 1; i < v.len; i++)
		if (byte_is_one_of(v.at[i], "<>,;\"() \t\r\n"))
			return false;
	return word_len(v) == v.len;
}

static struct view
without_quotes(struct view v)
{
	if (v.len > 2 && v.at[0] == '"' && v.at[v.len - 1] == '"' &&
	    view_find(view_slice(v, 1, v.len), '"') == v.len - 2)
		return view_slice(v, 1, v.len - 1);
	return v;
}

static void
accept(struct mailbox_search *s, struct view address)
{
	if (view_starts_nocase(address, VIEW("mailto:")))
		address = view_slice(address, 7, address.len);
	memmove(s->item.at, address.at, address.len);
	s->found = address.len;
}

/* An item without brackets: the word with an '@' in it, if there is one. */
static void
decide(struct mailbox_search *s)
{
	close_up(&s->item);
	struct view rest = byte_trim((struct view){ s->item.at, s->item.len },
				" \t\r\n");
	size_t words = 0;
	struct view word = { "", 0 };

	while (rest.len > 0) {
		word = view_slice(rest, 0, word_len(rest));
		rest = byte_trim(view_slice(rest, word.len, rest.len),
				 " \t\r\n");
		words++;
		struct view bare = byte_trim(without_quotes(word), "<>'");
		/* [mailto:a@b]: the beginning went as a group's name. */
		if (view_find(bare, '[') == bare.len)
			bare = byte_trim(bare, "]");
		if (is_address(bare)) {
			accept(s, bare);
			return;
		}
	}
	/* A word alone may be a local user: From: MAILER-DAEMON. It is kept,
	 * and later items go behind it. */
	if (words == 1 && s->lone.len == 0 && word.at[0] != '"') {
		s->lone = word;
		s->item.at += (size_t)(word.at - s->item.at) + word.len;
	}
	s->item.len = 0;
}

/* <...>: the address itself, perhaps behind a route (RFC 5322 4.4). */
static void
take_bracketed(struct mailbox_search *s)
{
	s->item.len = 0;
	s->rest = view_slice(s->rest, 1, s->rest.len);
	while (s->rest.len > 0 && s->rest.at[0] != '>') {
		char c = s->rest.at[0];
		if (c == '"') {
			take_quoted(s);
			continue;
		}
		if (c == '(') {
			skip_comment(&s->rest);
			continue;
		}
		bool is_route = c == ':' && s->item.len > 0 &&
				s->item.at[0] == '@';
		if (c == '<' || is_route)
			s->item.len = 0;
		else if (!byte_is_space(c))
			put(&s->item, c);
		s->rest = view_slice(s->rest, 1, s->rest.len);
	}
	s->rest = view_slice(s->rest, 1, s->rest.len);
	struct view address = without_quotes((struct view){ s->item.at,
							    s->item.len });
	/* A closing bracket that was lost: stop where a list goes on. */
	address = view_slice(address, 0, view_find(address, ','));
	if (address.len > 0)
		accept(s, address);
	s->item.len = 0;
}

/* Within user@[IPv6:...] a colon names no group. */
static bool
is_in_literal(const struct item *item)
{
	struct view v = { item->at, item->len };
	size_t open = view_find_last(v, '[');

	return open > 0 && open < v.len && v.at[open - 1] == '@' &&
	       view_find(view_slice(v, open, v.len), ']') == v.len - open;
}

static void
step(struct mailbox_search *s)
{
	char c = s->rest.at[0];

	switch (c) {
	case '"':
		take_quoted(s);
		return;
	case '(':
		skip_comment(&s->rest);
		put(&s->item, ' ');
		return;
	case '<':
		take_bracketed(s);
		return;
	case ',':
	case ';':
		decide(s);
		break;
	case ':':
		if (is_in_literal(&s->item))
			put(&s->item, c);
		else
			s->item.len = 0;        /* the name of a group */
		break;
	default:
		put(&s->item, c);
	}
	s->rest = view_slice(s->rest, 1, s->rest.len);
}

size_t
mailbox_first(struct view value, char *where, bool *has_domain_out)
{
	struct mailbox_search s = { .rest = value, .item = { where, 0 } };

	while (s.rest.len > 0 && s.found == 0)
		step(&s);
	if (s.found == 0)
		decide(&s);
	struct view found = { s.item.at, s.found };
	if (s.found == 0)
		found = s.lone;
	if (found.len > 0)
		memmove(where, found.at, found.len);
	*has_domain_out = view_find((struct view){ where, found.len }, '@') <
			  found.len;
	return found.len;
}

static bool
is_domain_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       (unsigned char)c >= 0x80;
}

bool
mailbox_next_domain(struct view *rest, struct view *domain_out)
{
	for (;;) {
		size_t at = view_find(*rest, '@');
		if (at == rest->len)
			return false;
		*rest = view_slice(*rest, at + 1, rest->len);
		while (rest->len > 0 && byte_is_space(rest->at[0]))
			*rest = view_slice(*rest, 1, rest->len);
		size_t n = 0;
		if (rest->len > 0 && rest->at[0] == '[')
			n = view_find(*rest, ']') + 1;
		else
			while (n < rest->len && is_domain_byte(rest->at[n]))
				n++;
		if (n > rest->len)
			n = 0;
		*domain_out = view_slice(*rest, 0, n);
		while (domain_out->len > 0 &&
		       domain_out->at[domain_out->len - 1] == '.')
			domain_out->len--;
		*rest = view_slice(*rest, n, rest->len);
		if (domain_out->len > 0)
			return true;
	}
}
