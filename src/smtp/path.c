/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths. Each part is measured by a function that returns how many bytes of
 * the front belong to it, 0 for a fault. */
#include "smtp/path.h"

#include "base/address.h"
#include "base/utf8.h"

#include <string.h>

/* RFC 5321 4.5.3.1, in octets; DNS: RFC 1035 2.3.4. */
enum { MOST_LOCAL = 64, MOST_DOMAIN = 255, MOST_PATH = 256, MOST_LABEL = 63 };

/* Bytes of one atext character (RFC 5322 3.2.3, RFC 6531 3.3). */
static size_t
atext(struct view v)
{
	if (v.len == 0)
		return 0;
	char c = v.at[0];
	if (ascii_is_alnum(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c)))
		return 1;
	return (unsigned char)c >= 0x80 ? utf8_graphic_len(v) : 0;
}

/* atom *("." atom) */
static size_t
dot_string(struct view v)
{
	size_t len = 0;

	for (;;) {
		size_t n, atom = 0;
		while ((n = atext(view_slice(v, len + atom, v.len))) > 0)
			atom += n;
		if (atom == 0)
			return 0;
		len += atom;
		if (len >= v.len || v.at[len] != '.')
			return len;
		len++;
	}
}

/* With both quotes. What utf8_graphic_len takes is also all that may be
 * quoted. */
static size_t
quoted_string(struct view v)
{
	size_t len = 1;

	while (len < v.len && v.at[len] != '"') {
		bool is_pair = v.at[len] == '\\';
		if (is_pair)
			len++;
		size_t n = utf8_graphic_len(view_slice(v, len, v.len));
		if (n == 0 || (is_pair && n > 1))
			return 0;
		len += n;
	}
	return len < v.len ? len + 1 : 0;
}

bool
path_is_literal(struct view v)
{
	struct address ignored;

	if (v.len < 2 || v.at[0] != '[' || v.at[v.len - 1] != ']')
		return false;
	bool is_v6 = view_starts_nocase(view_slice(v, 1, v.len),
					VIEW("IPv6:"));
	return address_parse_family(view_slice(v, is_v6 ? 6 : 1, v.len - 1),
				    is_v6 ? AF_INET6 : AF_INET, &ignored);
}

/* Letters, digits, hyphens within; and the underscore, which is no host's
 * but many a sender's. What of UTF-8 is a name is not ours to know. */
static size_t
label(struct view v)
{
	size_t len = 0;

	while (len < v.len) {
		char c = v.at[len];
		size_t n = ascii_is_alnum(c) || c == '-' || c == '_' ? 1 : 0;
		if ((unsigned char)c >= 0x80)
			n = utf8_graphic_len(view_slice(v, len, v.len));
		if (n == 0)
			break;
		len += n;
	}
	if (len == 0 || v.at[0] == '-' || v.at[len - 1] == '-')
		return 0;
	/* A U-label's limit is that of its A-label. */
	if (len > MOST_LABEL && utf8_is_ascii(view_slice(v, 0, len)))
		return 0;
	return len;
}

/* Labels and dots; one dot may end it. */
static size_t
domain_name(struct view v)
{
	size_t len = 0;

	for (;;) {
		size_t n = label(view_slice(v, len, v.len));
		if (n == 0)
			return len > 0 && v.at[len - 1] == '.' &&
			       (len == v.len || v.at[len] == '>' ||
				v.at[len] == ':' || v.at[len] == ',')
				? len : 0;
		len += n;
		if (len == v.len || v.at[len] != '.')
			return len;
		len++;
	}
}

static size_t
domain(struct view v)
{
	size_t len;

	if (v.len > 0 && v.at[0] == '[') {
		v = view_slice(v, 0, view_find(v, ']') + 1);
		len = path_is_literal(v) ? v.len : 0;
	} else {
		len = domain_name(v);
	}
	return len <= MOST_DOMAIN ? len : 0;
}

bool
path_is_domain(struct view v)
{
	return v.len > 0 && domain(v) == v.len;
}

/* "@one,@two:" (RFC 5321 appendix C); 0 for a fault. */
static size_t
source_route(struct view v)
{
	size_t len = 0;

	while (len < v.len && v.at[len] == '@') {
		size_t n = domain(view_slice(v, len + 1, v.len));
		if (n == 0)
			return 0;
		len += 1 + n;
		if (len < v.len && v.at[len] == ':')
			return len + 1;
		if (len >= v.len || v.at[len] != ',')
			return 0;
		len++;
	}
	return 0;
}

/* local@domain, or postmaster alone; returns its length. */
static size_t
mailbox(struct view v, struct path *out)
{
	size_t len = v.len > 0 && v.at[0] == '"' ? quoted_string(v)
						  : dot_string(v);

	if (len == 0 || len > MOST_LOCAL)
		return 0;
	out->local = view_slice(v, 0, len);
	out->domain = VIEW("");
	if (len < v.len && v.at[len] == '@') {
		size_t n = domain(view_slice(v, len + 1, v.len));
		if (n == 0)
			return 0;
		out->domain = view_slice(v, len + 1, len + 1 + n);
		len += 1 + n;
	} else if (!view_equal_nocase(out->local, VIEW("postmaster"))) {
		return 0;
	}
	out->mailbox = view_slice(v, 0, len);
	return len;
}

size_t
path_parse(struct view text, struct path *out)
{
	struct path path = { .is_null = false };
	size_t len = 1;

	if (text.len < 2 || text.at[0] != '<')
		return 0;
	text = view_slice(text, 0, MOST_PATH);
	if (text.at[1] == '>') {
		*out = (struct path){ .is_null = true };
		return 2;
	}
	if (text.at[1] == '@') {
		size_t route = source_route(view_slice(text, 1, text.len));
		if (route == 0)
			return 0;
		len += route;
	}
	size_t n = mailbox(view_slice(text, len, text.len), &path);
	len += n;
	if (n == 0 || len == text.len || text.at[len] != '>')
		return 0;
	path.is_utf8 = !utf8_is_ascii(view_slice(text, 0, len));
	*out = path;
	return len + 1;
}
