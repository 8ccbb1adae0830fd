/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers with units: each unit is a letter and what it stands for, the
 * largest first, so that printing finds the shortest form. */
#include "config/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	char letter;            /* '\0': no letter */
	int64_t worth;
};

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE,
       DAY = 24 * HOUR };

static const struct unit sizes[] = {
	{ 'G', 1 << 30 },
	{ 'M', 1 << 20 },
	{ 'K', 1 << 10 },
	{ '\0', 1 },
};

static const struct unit durations[] = {
	{ 'd', DAY },
	{ 'h', HOUR },
	{ 'm', MINUTE },
	{ 's', SECOND },
	{ '\0', SECOND },
};

enum {
	SIZE_UNITS = sizeof(sizes) / sizeof(sizes[0]),
	DURATION_UNITS = sizeof(durations) / sizeof(durations[0])
};

static bool
parse(struct view text, const struct unit *units, size_t count, int64_t *out)
{
	int64_t worth = units[count - 1].worth;
	size_t number;

	for (size_t i = 0; i + 1 < count && text.len > 0; i++)
		if (text.at[text.len - 1] == units[i].letter) {
			worth = units[i].worth;
			text.len--;
			break;
		}
	if (!view_to_size(text, (size_t)(INT64_MAX / worth), &number))
		return false;
	*out = (int64_t)number * worth;
	return true;
}

static const char *
print(int64_t value, const struct unit *units, size_t count,
      char out[UNITS_SIZE])
{
	size_t i = 0;

	while (i + 1 < count && (value == 0 || value % units[i].worth != 0))
		i++;
	snprintf(out, UNITS_SIZE, "%" PRId64 "%.1s", value / units[i].worth,
		 &units[i].letter);
	return out;
}

bool
count_parse(struct view text, int64_t *out)
{
	return parse(text, &sizes[SIZE_UNITS - 1], 1, out);
}

bool
size_parse(struct view text, int64_t *bytes_out)
{
	return parse(text, sizes, SIZE_UNITS, bytes_out);
}

const char *
size_print(int64_t bytes, char out[UNITS_SIZE])
{
	return print(bytes, sizes, SIZE_UNITS, out);
}

bool
duration_parse(struct view text, int64_t *ms_out)
{
	return parse(text, durations, DURATION_UNITS, ms_out);
}

const char *
duration_print(int64_t ms, char out[UNITS_SIZE])
{
	return print(ms, durations, DURATION_UNITS, out);
}

bool
flag_parse(struct view text, bool *out)
{
	static const char *const words[] = { "false", "true", "no", "yes",
					     "off", "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (view_equal_nocase(text, view_of(words[i]))) {
			*out = i % 2 == 1;
			return true;
		}
	return false;
}

bool
mode_parse(struct view text, int64_t *out)
{
	int64_t mode = 0;

	if (text.len == 0 || text.len > 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '7')
			return false;
		mode = mode * 8 + (text.at[i] - '0');
	}
	*out = mode;
	return true;
}

bool
score_parse(struct view text, double *out)
{
	char copy[32];
	char *end;

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	/* strtod knows more: hex, nan, inf, blanks, exponents. */
	if (strspn(copy, "+-.0123456789") != text.len ||
	    strpbrk(copy, "0123456789") == NULL)
		return false;
	double value = strtod(copy, &end);
	if (*end != '\0')
		return false;
	*out = value;
	return true;
}
