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
	for (size_t i = 0; i < section_count(); i++)
		if (view_equal(view_of(section_at(i)->name), name))
			return section_at(i);
	return NULL;
}

const struct key *
key_find(const char *section, struct view name)
{
	for (size_t i = 0; i < key_count(); i++)
		if (strcmp(key_at(i)->section, section) == 0 &&
		    view_equal(view_of(key_at(i)->name), name))
			return key_at(i);
	return NULL;
}

const char *
key_section_elsewhere(struct view name)
{
	for (size_t i = 0; i < key_count(); i++)
		if (view_equal(view_of(key_at(i)->name), name))
			return key_at(i)->section;
	return NULL;
}

const char *
key_full_name(const struct key *k, char *out, size_t size)
{
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

const char *
key_nearest(const char *section, struct view name)
{
	size_t nearest = 2 + name.len / 6;      /* one letter; of long, more */
	size_t keys = key_count();
	const char *found = NULL;

	if (name.len > LONGEST_NAME)
		return NULL;
	/* The first section is the top level, which has no name. */
	for (size_t i = 0; i < keys + section_count() - 1; i++) {
		bool is_key = i < keys;
		const char *owner = is_key ? key_at(i)->section : "";
		const char *known = is_key ? key_at(i)->name :
				    section_at(i - keys + 1)->name;
		if (strcmp(owner, section) != 0)
			continue;
		size_t far = distance(name, view_of(known));
		if (far < nearest) {
			nearest = far;
			found = known;
		}
	}
	return found;
}
