/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses in header fields. GMime reads the list; of what it cannot read,
 * or may not see, the words with an '@' count. */
#include "mime/mailbox.h"

#include "mime/byte.h"
#include "mime/gmime_text.h"

#include <gmime/gmime.h>
#include <string.h>

/* ---- What needs no reader ------------------------------------------------ */

/* Length of letters, digits and these between dots (RFC 5322 3.2.3). */
static size_t
dotted_len(struct view v, const char *also)
{
	size_t n = 0, dots = 0;

	for (; n < v.len; n++) {
		if (v.at[n] == '.' && (n == dots || n + 1 == v.len))
			return 0;
		if (v.at[n] == '.')
			dots = n + 1;
		else if (!ascii_is_alnum(v.at[n]) &&
			 !byte_is_one_of(v.at[n], also))
			break;
	}
	return n > 0 && n == dots ? 0 : n;
}

struct view
mailbox_plain(struct view value)
{
	static const char blanks[] = " \t";
	struct view rest = byte_trim(value, blanks);
	size_t open = view_find(rest, '<');

	if (open < rest.len) {
		struct view name = byte_trim(view_slice(rest, 0, open), blanks);
		bool is_quoted = name.len > 0 && name.at[0] == '"';
		if (rest.at[rest.len - 1] != '>' ||
		    (is_quoted && byte_quoted_len(name) != name.len))
			return VIEW("");
		for (size_t i = 0; i < name.len; i++) {
			char c = name.at[i];
			if (is_quoted ? c < ' ' || c > '~' || c == '\\'
				      : !ascii_is_alnum(c) &&
					!byte_is_one_of(c, " -_"))
				return VIEW("");
		}
		rest = view_slice(rest, open + 1, rest.len - 1);
	}
	size_t at = dotted_len(rest, "-_+");
	struct view domain = view_slice(rest, at + 1, rest.len);
	if (at == 0 || at == rest.len || rest.at[at] != '@' ||
	    domain.len == 0 || dotted_len(domain, "-") != domain.len)
		return VIEW("");
	/* GMime decodes what is "xn--". */
	for (size_t i = 1; i < domain.len; i++)
		if (domain.at[i - 1] == '-' && domain.at[i] == '-')
			return VIEW("");
	return rest;
}

/* ---- What GMime reads ---------------------------------------------------- */

/* NULL where it cannot be read, or must not be. */
static InternetAddressList *
read_list(struct view value)
{
	char copy[MAILBOX_MOST + 1];
	struct text out = { copy, 0, MAILBOX_MOST, false };
	size_t colons = 0, closing = 0;

	if (value.len > MAILBOX_MOST)
		return NULL;
	for (size_t i = value.len; i-- > 0;) {
		char c = value.at[i];
		if (c == ':' && ++colons > MAILBOX_COLONS)
			return NULL;
		/* Some '(' may have no ')' of its own behind it, for a reader
		 * that may begin a comment at any of them: GMime 3.2.13 does
		 * not free every address in front of a comment that is open
		 * at the end. */
		if (c == ')' && (i == 0 || value.at[i - 1] != '\\'))
			closing++;
		else if (c == '(' && closing-- == 0)
			return NULL;
	}
	gmime_text_put(&out, value);
	if (out.is_full)
		return NULL;
	return internet_address_list_parse(NULL, gmime_text_end(&out));
}

/* What is done with each mailbox of a value; true ends the walk. */
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

/* Whether a mailbox of the value ended the walk. */
static bool
visit_all(struct view value, struct visit *v)
{
	char bytes[MAILBOX_MOST];
	InternetAddressList *list = read_list(value);

	if (list == NULL)
		return false;
	v->bytes = bytes;
	bool is_ended = walk(list, v);
	v->bytes = NULL;
	g_object_unref(list);
	return is_ended;
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

/* The address in a word: 'a@b', [mailto:a@b], Team:a@b, "a@b"; empty where
 * there is none. */
static struct view
address_in(struct view word)
{
	struct view bare = word;

	if (word.len > 2 && word.at[0] == '"' &&
	    view_find(view_slice(word, 1, word.len), '"') == word.len - 2)
		bare = view_slice(word, 1, word.len - 1);
	bare = byte_trim(bare, "<>'");
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

/* Takes the next word outside of comments that is an address. */
static bool
next_word(struct words *w, struct view *address_out)
{
	while (w->rest.len > 0) {
		char c = w->rest.at[0];
		size_t n = 0;           /* to be skipped as no word */
		if (c == '(') {
			if (!w->has_no_comment)
				n = view_find(w->rest, ')') + 1;
			w->has_no_comment = n == 0 || n > w->rest.len;
			n = w->has_no_comment ? 1 : n;
		} else if (c == '"') {
			w->has_no_quote = w->has_no_quote ||
					  byte_quoted_len(w->rest) == 0;
			n = w->has_no_quote ? 1 : 0;
		}
		*address_out = VIEW("");
		if (n == 0) {
			n = word_len(w->rest);
			w->is_quoted = c == '"';
			*address_out = address_in(view_slice(w->rest, 0, n));
		}
		w->rest = view_slice(w->rest, n > 0 ? n : 1, w->rest.len);
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
	struct visit v = { .mailbox = keep_first, .found = where };
	struct words words = { .rest = value };
	struct view address = mailbox_plain(value);

	if (address.len > 0) {
		memcpy(where, address.at, address.len);
		*has_domain_out = true;
		return address.len;
	}
	*has_domain_out = visit_all(value, &v);
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
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' ||
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

bool
mailbox_has_domain(struct view value,
		   bool (*wanted)(void *context, struct view domain),
		   void *context)
{
	struct visit v = { .mailbox = is_wanted, .is_wanted = wanted,
			   .context = context };
	struct words words = { .rest = value };
	struct view address, rest = value, domain;
	bool is_found = false;

	/* Most fields name nobody wanted: that is seen without reading. */
	while (!is_found && next_domain(&rest, &domain))
		is_found = wanted(context, domain);
	if (!is_found)
		return false;
	address = mailbox_plain(value);
	if (address.len > 0)
		return is_wanted(&v, address);
	is_found = visit_all(value, &v);
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
	struct visit v = { .mailbox = is_any };

	return view_find(value, '@') < value.len || visit_all(value, &v);
}
