/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Borrowed bytes. What a client sends is never a C string: it has a length,
 * may hold NUL, and dies when the buffer it points into is next changed. */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct view {
	const char *at;
	size_t len;
};

/* A list of C strings, as the configuration gives them. */
struct strings {
	const char **at;
	size_t count;
};

#define VIEW(literal) ((struct view){ (literal), sizeof(literal) - 1 })

/* The bytes of a C string, without its NUL; NULL gives an empty view. */
struct view view_of(const char *text);

/* Bytes from..to of v; both are clamped to its length. Here because loops
 * over foreign bytes call it for each of them. */
static inline struct view
view_slice(struct view v, size_t from, size_t to)
{
	if (to > v.len)
		to = v.len;
	if (from > to)
		from = to;
	/* C11 6.5.6: to NULL not even 0 may be added. */
	return (struct view){ from > 0 ? v.at + from : v.at, to - from };
}

/* v without spaces and tabs at both ends. */
struct view view_trim(struct view v);

/* Takes the first line off rest: without its LF, which the last may lack. */
struct view view_take_line(struct view *rest);

bool view_equal(struct view a, struct view b);

/* ASCII letters without regard to case; all other bytes exactly. */
bool view_equal_nocase(struct view a, struct view b);
bool view_starts_nocase(struct view v, struct view prefix);
bool view_ends_nocase(struct view v, struct view suffix);

/* Offset of the first byte c, or v.len when there is none. */
size_t view_find(struct view v, char c);

/* Offset of the last byte c, or v.len when there is none. */
size_t view_find_last(struct view v, char c);

/* Whether it is a decimal number, however large. */
bool view_is_digits(struct view v);

/* Reads a decimal number of digits only that does not exceed max into
 * *value_out. False, and *value_out untouched, for anything else. */
bool view_to_size(struct view v, size_t max, size_t *value_out);

/* ASCII lower case, whatever the locale; other bytes are kept. */
static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* An ASCII letter or digit, whatever the locale. */
static inline bool
ascii_is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' &&
					  ascii_lower(c) <= 'z');
}

#endif
