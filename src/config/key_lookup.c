/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and sections by their names, right or nearly right. */
#include "config/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_NAME = 32 };             /* that is compared with others */

const struct section *
section_find(struct view name)
{
	for (const struct section *s = section_table; s->name != NULL; s++)
		if (view_equal(view_of(s->name), name))
			return s;
	return NULL;
}

const struct key *
key_find(const char *section, struct view name)
{
	for (const struct key *k = key_table; k->name != NULL; k++)
		if (strcmp(k->section, section) == 0 &&
		    view_equal(view_of(k->name), name))
			return k;
	return NULL;
}

const char *
key_section_elsewhere(struct view name)
{
	for (const struct key *k = key_table; k->name != NULL; k++)
		if (view_equal(view_of(k->name), name))
			return k->section;
	return NULL;
}

const char *
key_full_name(const struct key *k, char *out, size_t size)
{
	assert(k != NULL && size > 0);
	snprintf(out, size, "%s%s%s", k->section,
		 k->section[0] != '\0' ? "." : "", k->name);
	return out;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to add, leave out, change, or swap with their neighbour, to make b
 * of a (Damerau and Levenshtein's distance, no letter touched twice). */
static size_t
distance(struct view a, struct view b)
{
	size_t rows[3][LONGEST_NAME + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	assert(a.len <= LONGEST_NAME && b.len <= LONGEST_NAME);
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *spare = before;
		before = above;
		above = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool differs = a.at[i - 1] != b.at[j - 1];
			row[j] = least(above[j - 1] + differs,
				       1 + least(above[j], row[j - 1]));
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
			    a.at[i - 2] == b.at[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[b.len];
}

/* Takes what is known, if it is nearer to the name than *far. */
static void
take_nearer(struct view name, const char *known, size_t *far,
	    const char **found)
{
	size_t this_far = distance(name, view_of(known));

	if (this_far >= *far)
		return;
	*far = this_far;
	*found = known;
}

const char *
key_nearest(const char *section, struct view name)
{
	size_t far = 2 + name.len / 6;          /* one letter; of long, more */
	const char *found = NULL;

	if (name.len > LONGEST_NAME)
		return NULL;
	for (const struct key *k = key_table; k->name != NULL; k++)
		if (strcmp(k->section, section) == 0)
			take_nearer(name, k->name, &far, &found);
	/* The first section is the top level, which has no name. */
	for (const struct section *s = section_table + 1;
	     section[0] == '\0' && s->name != NULL; s++)
		take_nearer(name, s->name, &far, &found);
	return found;
}
