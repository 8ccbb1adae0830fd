/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The argument of BDAT. */
#include "smtp/chunk.h"

#include <stdint.h>

static bool
is_number(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.at[i] < '0' || v.at[i] > '9')
			return false;
	return v.len > 0;
}

enum chunk_fault
chunk_parse(struct view argument, size_t *size_out, bool *is_last_out)
{
	size_t space = view_find(argument, ' ');
	struct view number = view_slice(argument, 0, space);
	struct view word = view_trim(view_slice(argument, space,
						argument.len));

	if (!is_number(number))
		return CHUNK_BAD;
	if (word.len > 0 && !view_equal_nocase(word, VIEW("LAST")))
		return CHUNK_BAD;
	if (!view_to_size(number, SIZE_MAX / 2, size_out))
		return CHUNK_HUGE;
	*is_last_out = word.len > 0;
	return CHUNK_GOOD;
}
