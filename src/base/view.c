/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Borrowed bytes: comparing, cutting and finding, in ASCII only. The
 * locale's ideas of letters and spaces have no place in a protocol. */
#include "base/view.h"

#include <string.h>

struct view
view_of(const char *text)
{
	if (text == NULL)
		return (struct view){ "", 0 };
	return (struct view){ text, strlen(text) };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct view
view_trim(struct view v)
{
	while (v.len > 0 && is_blank(v.at[0])) {
		v.at++;
		v.len--;
	}
	while (v.len > 0 && is_blank(v.at[v.len - 1]))
		v.len--;
	return v;
}

struct view
view_take_line(struct view *rest)
{
	size_t end = view_find(*rest, '\n');
	struct view line = view_slice(*rest, 0, end);

	*rest = view_slice(*rest, end + 1, rest->len);
	return line;
}

bool
view_equal(struct view a, struct view b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
view_equal_nocase(struct view a, struct view b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return false;
	return true;
}

bool
view_starts_nocase(struct view v, struct view prefix)
{
	return view_equal_nocase(view_slice(v, 0, prefix.len), prefix);
}

bool
view_ends_nocase(struct view v, struct view suffix)
{
	if (v.len < suffix.len)
		return false;
	return view_equal_nocase(view_slice(v, v.len - suffix.len, v.len),
				 suffix);
}

size_t
view_find(struct view v, char c)
{
	const char *found = v.len > 0 ? memchr(v.at, c, v.len) : NULL;

	return found != NULL ? (size_t)(found - v.at) : v.len;
}

size_t
view_find_last(struct view v, char c)
{
	for (size_t i = v.len; i > 0; i--)
		if (v.at[i - 1] == c)
			return i - 1;
	return v.len;
}

bool
view_is_digits(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.at[i] < '0' || v.at[i] > '9')
			return false;
	return v.len > 0;
}

bool
view_to_size(struct view v, size_t max, size_t *value_out)
{
	size_t value = 0;

	if (!view_is_digits(v))
		return false;
	for (size_t i = 0; i < v.len; i++) {
		size_t digit = (size_t)(v.at[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*value_out = value;
	return true;
}
