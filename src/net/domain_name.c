/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain names as A-labels (RFC 5890). Names of plain letters, digits and
 * hyphens, which are nearly all, are checked and copied in one pass; libidn2
 * sees only those with an ACE label or a byte beyond ASCII. */
#include "net/domain_name.h"

#include "base/utf8.h"

#include <idn2.h>
#include <string.h>

enum {
	LABEL_MAX = 63,         /* octets, RFC 1035 2.3.4 */
	NAME_MAX_LEN = 253,     /* without the dot at the end */
	INPUT_MAX = 1024        /* 253 characters of four bytes, and room */
};

/* Letters, digits and hyphens in labels of 1 to 63 octets that begin and end
 * with a letter or digit (RFC 1123 2.1); in lower case into out. */
static size_t
copy_host_name(struct view name, char *out, size_t size)
{
	size_t label = 0;

	if (name.len > 0 && name.at[name.len - 1] == '.')
		name.len--;
	if (name.len == 0 || name.len > NAME_MAX_LEN || name.len >= size)
		return 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = ascii_lower(name.at[i]);
		bool ends = i + 1 == name.len || name.at[i + 1] == '.';
		out[i] = c;
		if (c == '.' && label > 0 && i + 1 < name.len) {
			label = 0;
			continue;
		}
		bool fits = ascii_is_alnum(c) ||
			    (c == '-' && label > 0 && !ends);
		if (!fits || ++label > LABEL_MAX)
			return 0;
	}
	out[name.len] = '\0';
	return name.len;
}

/* Through libidn2: IDNA2008 with the mappings of TR46 that make it blind to
 * case, and each ACE label proved to be one. */
static size_t
copy_idn(struct view name, char *out, size_t size)
{
	char text[INPUT_MAX + 1];
	uint8_t *ascii = NULL;

	if (name.len > INPUT_MAX || view_find(name, '\0') != name.len)
		return 0;
	memcpy(text, name.at, name.len);
	text[name.len] = '\0';
	int rc = idn2_lookup_u8((const uint8_t *)text, &ascii,
				IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return 0;
	/* libidn2's own STD3 rules would drop an underscore silently; what
	 * was mapped to ASCII is held to our rules instead. */
	size_t len = copy_host_name(view_of((const char *)ascii), out, size);
	idn2_free(ascii);
	return len;
}

/* Printable, without a bracket or space within (RFC 5321 4.1.3). */
static size_t
copy_literal(struct view literal, char *out, size_t size)
{
	size_t last = literal.len - 1;

	if (literal.len < 3 || literal.at[last] != ']' || literal.len >= size)
		return 0;
	for (size_t i = 0; i < literal.len; i++) {
		char c = literal.at[i];
		bool is_bracket = c == '[' || c == ']' || c == '\\';
		if (c <= ' ' || c > '~' ||
		    (is_bracket && i != 0 && i != last))
			return 0;
		out[i] = ascii_lower(c);
	}
	out[literal.len] = '\0';
	return literal.len;
}

size_t
domain_name_to_ascii(struct view domain, char *out, size_t size)
{
	if (domain.len == 0)
		return 0;
	if (domain.at[0] == '[')
		return copy_literal(domain, out, size);
	bool is_plain = utf8_is_ascii(domain);
	for (size_t i = 0; i + 4 <= domain.len && is_plain; i++)
		is_plain = (i > 0 && domain.at[i - 1] != '.') ||
			   !view_starts_nocase(view_slice(domain, i,
							  domain.len),
					       VIEW("xn--"));
	return is_plain ? copy_host_name(domain, out, size)
			: copy_idn(domain, out, size);
}

size_t
domain_pattern_to_ascii(struct view pattern, char *out)
{
	size_t wild = view_starts_nocase(pattern, VIEW("*.")) ? 2 : 0;
	struct view name = view_slice(pattern, wild, pattern.len);

	if (view_equal(pattern, VIEW("*"))) {
		memcpy(out, "*", 2);
		return 1;
	}
	/* Nothing is below an address. */
	if (wild > 0 && name.len > 0 && name.at[0] == '[')
		return 0;
	memcpy(out, "*.", wild);
	size_t len = domain_name_to_ascii(name, out + wild, DOMAIN_NAME_SIZE);
	return len > 0 ? wild + len : 0;
}
