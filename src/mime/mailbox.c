/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses in header fields. GMime reads the list; of what it cannot read,
 * or may not see, the words with an '@' count. */
#include "mime/mailbox.h"

#include "mime/byte.h"
#include "mime/gmime_text.h"

#include <gmime/gmime.h>
#include <string.h>

static bool
has_many_colons(struct view value)
{
	size_t colons = 0;

	for (size_t i = 0; i < value.len; i++)
		colons += value.at[i] == ':';
	return colons > MAILBOX_COLONS;
}

/* Whether some '(' has no ')' of its own behind it, for a reader that may begin
 * a comment at any of them. GMime 3.2.13 does not free every address in front
 * of a comment that is open at the end. */
static bool
has_open_comment(struct view value)
{
	size_t closing = 0;

	for (size_t i = value.len; i-- > 0;) {
		bool is_escaped = i > 0 && value.at[i - 1] == '\\';
		if (value.at[i] == ')' && !is_escaped)
			closing++;
		else if (value.at[i] == '(' && closing-- == 0)
			return true;
	}
	return false;
}

/* NULL where it cannot be read, or must not be. */
static InternetAddressList *
read_list(struct view value)
{
	char copy[MAILBOX_MOST + 1];
	struct text out = { copy, 0, MAILBOX_MOST, false };

	if (value.len > MAILBOX_MOST || has_many_colons(value) ||
	    has_open_comment(value))
		return NULL;
	gmime_text_put(&out, value);
	if (out.is_full)
		return NULL;
	return internet_address_list_parse(NULL, gmime_text_end(&out));
}

/* What is done with each mailbox; true ends the walk. */
struct visit {
	bool (*mailbox)(struct visit *v, struct view address);
	bool (*is_wanted)(void *context, struct view domain);
	void *context;
	char *found;            /* room for any address of the value */
	size_t len;
	char *bytes;            /* MAILBOX_MOST, for the one that is visited */
};

/* Groups are at most as deep as a value may have colons. */
static bool
walk(InternetAddressList *list, struct visit *v)
{
	int count = internet_address_list_length(list);

	for (int i = 0; i < count; i++) {
		InternetAddress *address =
			internet_address_list_get_address(list, i);
		if (INTERNET_ADDRESS_IS_GROUP(address)) {
			if (walk(internet_address_group_get_members(
					 INTERNET_ADDRESS_GROUP(address)), v))
				return true;
			continue;
		}
		const char *text = internet_address_mailbox_get_addr(
			INTERNET_ADDRESS_MAILBOX(address));
		size_t n = text == NULL ? 0 :
			gmime_text_bytes(text, v->bytes, MAILBOX_MOST);
		if (v->mailbox(v, (struct view){ v->bytes, n }))
			return true;
	}
	return false;
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
		else if (!is_quoted && byte_is_one_of(v.at[n], " \t\r\n,;<>()"))
			break;
	}
	return n < v.len ? n : v.len;
}

static struct view
without_quotes(struct view v)
{
	if (v.len > 2 && v.at[0] == '"' && v.at[v.len - 1] == '"' &&
	    view_find(view_slice(v, 1, v.len), '"') == v.len - 2)
		return view_slice(v, 1, v.len - 1);
	return v;
}

/* The address in a word: 'a@b', [mailto:a@b], Team:a@b, "a@b"; empty where
 * there is none. */
static struct view
address_in(struct view word)
{
	struct view bare = byte_trim(without_quotes(word), "<>'");
	size_t at = view_find_last(bare, '@');
	struct view local = view_slice(bare, 0, at);

	if (local.len == 0 || at + 1 >= bare.len)
		return VIEW("");
	if (local.at[local.len - 1] != '"') {
		size_t colon = view_find_last(local, ':');
		bare = view_slice(bare, colon < at ? colon + 1 : 0, bare.len);
	}
	if (view_find(bare, '[') == bare.len)
		bare = byte_trim(bare, "]'");
	at = view_find_last(bare, '@');
	if (at == 0 || at + 1 >= bare.len || word_len(bare) < bare.len)
		return VIEW("");
	return bare;
}

/* The words of a value. A quote or a parenthesis that nothing closes stands
 * for nothing, and so do those behind it. */
struct words {
	struct view rest;
	bool has_no_quote;
	bool has_no_comment;
	bool is_quoted;         /* the word taken last: a name more likely */
};

/* Length of what is to be skipped as no word; 0 at a word. */
static size_t
skip_len(struct words *w)
{
	size_t n = 0;

	if (w->rest.at[0] == '(') {
		n = w->has_no_comment ? w->rest.len : view_find(w->rest, ')');
		w->has_no_comment = n == w->rest.len;
		return w->has_no_comment ? 1 : n + 1;
	}
	if (w->rest.at[0] == '"') {
		n = w->has_no_quote ? 0 : byte_quoted_len(w->rest);
		w->has_no_quote = n == 0;
		return w->has_no_quote ? 1 : 0;
	}
	return word_len(w->rest) > 0 ? 0 : 1;
}

/* Takes the next word outside of comments that is an address. */
static bool
next_word(struct words *w, struct view *address_out)
{
	while (w->rest.len > 0) {
		size_t n = skip_len(w);
		*address_out = VIEW("");
		if (n == 0) {
			n = word_len(w->rest);
			w->is_quoted = w->rest.at[0] == '"';
			*address_out = address_in(view_slice(w->rest, 0, n));
		}
		w->rest = view_slice(w->rest, n, w->rest.len);
		if (address_out->len > 0)
			return true;
	}
	return false;
}

static bool
keep_first(struct visit *v, struct view address)
{
	struct view bare = address_in(address);
	bool has_domain = bare.len > 0;

	/* A word alone may be a local user: From: MAILER-DAEMON. */
	if (!has_domain && (v->len > 0 || address.len == 0 ||
			    address.at[0] == '"'))
		return false;
	if (!has_domain)
		bare = address;
	memcpy(v->found, bare.at, bare.len);
	v->len = bare.len;
	return has_domain;
}

size_t
mailbox_first(struct view value, char *where, bool *has_domain_out)
{
	char bytes[MAILBOX_MOST];
	struct visit v = { .mailbox = keep_first, .found = where,
			   .bytes = bytes };
	InternetAddressList *list = read_list(value);
	struct words words = { .rest = value };
	struct view address;

	*has_domain_out = list != NULL && walk(list, &v);
	if (list != NULL)
		g_object_unref(list);
	if (!*has_domain_out && next_word(&words, &address)) {
		*has_domain_out = true;
		memmove(where, address.at, address.len);
		v.len = address.len;
	}
	return v.len;
}

static bool
is_domain_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* Takes the next domain (what follows an '@') from the front of *rest. */
static bool
next_domain(struct view *rest, struct view *domain_out)
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

static bool
is_wanted(struct visit *v, struct view address)
{
	struct view domain;

	address = view_slice(address, view_find_last(address, '@'),
			     address.len);
	return next_domain(&address, &domain) &&
	       v->is_wanted(v->context, domain);
}

/* Most fields name nobody wanted: that is seen without reading them. */
static bool
may_have(struct view value, const struct visit *v)
{
	struct view domain;

	while (next_domain(&value, &domain))
		if (v->is_wanted(v->context, domain))
			return true;
	return false;
}

/* An address and nothing else needs no reading. */
static bool
is_bare(struct view v)
{
	size_t ats = 0;

	for (size_t i = 0; i < v.len; i++) {
		ats += v.at[i] == '@';
		if (!is_domain_byte(v.at[i]) && v.at[i] != '@' &&
		    v.at[i] != '+')
			return false;
	}
	return ats == 1;
}

bool
mailbox_has_domain(struct view value,
		   bool (*wanted)(void *context, struct view domain),
		   void *context)
{
	char bytes[MAILBOX_MOST];
	struct visit v = { .mailbox = is_wanted, .is_wanted = wanted,
			   .context = context, .bytes = bytes };
	struct words words = { .rest = value };
	struct view address;

	if (!may_have(value, &v))
		return false;
	if (is_bare(value))
		return true;
	InternetAddressList *list = read_list(value);
	bool is_found = list != NULL && walk(list, &v);
	if (list != NULL)
		g_object_unref(list);
	while (!is_found && next_word(&words, &address))
		is_found = !words.is_quoted && is_wanted(&v, address);
	return is_found;
}

static bool
is_any(struct visit *v, struct view address)
{
	(void)v;
	return address.len > 0;
}

bool
mailbox_names_any(struct view value)
{
	char bytes[MAILBOX_MOST];
	struct visit v = { .mailbox = is_any, .bytes = bytes };

	if (view_find(value, '@') < value.len)
		return true;
	InternetAddressList *list = read_list(value);
	bool is_found = list != NULL && walk(list, &v);
	if (list != NULL)
		g_object_unref(list);
	return is_found;
}
