/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of bytes in header fields, whatever the locale. */
#ifndef MIME_BYTE_H
#define MIME_BYTE_H

#include "base/view.h"

#include <string.h>

/* A blank, or a line end within a folded field. */
static inline bool
byte_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* NUL is one of none. */
static inline bool
byte_is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* 0 to 15, or -1. */
static inline int
byte_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of the (nested) comment that v begins with (RFC 5322 3.2.2), or of
 * the quoted string (3.2.4); 0 where it does not end. */
static inline size_t
byte_comment_len(struct view v)
{
	size_t depth = 0;

	for (size_t n = 0; n < v.len; n++) {
		if (v.at[n] == '\\')
			n++;
		else if (v.at[n] == '(')
			depth++;
		else if (v.at[n] == ')' && --depth == 0)
			return n + 1;
	}
	return 0;
}

static inline size_t
byte_quoted_len(struct view v)
{
	size_t n = 1;

	while (n < v.len && v.at[n] != '"')
		n += v.at[n] == '\\' ? 2 : 1;
	return n < v.len ? n + 1 : 0;
}

/* v without bytes of the set at both ends. */
static inline struct view
byte_trim(struct view v, const char *set)
{
	while (v.len > 0 && byte_is_one_of(v.at[0], set))
		v = view_slice(v, 1, v.len);
	while (v.len > 0 && byte_is_one_of(v.at[v.len - 1], set))
		v.len--;
	return v;
}

#endif
