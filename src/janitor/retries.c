/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fault of the table looks like one of each message: a trigger that fails,
 * a right that is gone. So no message is given up before others have been
 * seen to pass, and while none does a single file now and then is tried. */
#include "janitor/retries.h"

#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_PAUSE_MS = 1000,
	LONGEST_PAUSE_MS = 3600 * 1000,
	FAILS_TO_BE_GENERAL = 3,
	BLAMELESS_PAUSE_MS = 4000       /* at most, while none passes */
};

void
retries_deinit(struct retries *r)
{
	free(r->at);
	*r = (struct retries){ 0 };
}

/* Where it is, or belongs. */
static size_t
place_of(const struct retries *r, const char *name)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(r->at[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct retry *
find(const struct retries *r, const char *name)
{
	size_t i = place_of(r, name);

	return i < r->count && strcmp(r->at[i].name, name) == 0 ? &r->at[i]
								: NULL;
}

bool
retries_knows(const struct retries *r, const char *name)
{
	return find(r, name) != NULL;
}

int64_t
retries_due_ms(const struct retries *r, const char *name)
{
	const struct retry *one = find(r, name);

	return one != NULL ? one->due_ms : 0;
}

static int64_t
between(int64_t least, int64_t ms, int64_t most)
{
	return ms < least ? least : ms > most ? most : ms;
}

enum retry_advice
retries_failed(struct retries *r, const char *name,
	       const struct retry_failure *f)
{
	struct retry *one = find(r, name);
	bool is_first = one == NULL;

	if (is_first) {
		r->at = memory_grow(r->at, r->count, sizeof(*r->at));
		one = &r->at[place_of(r, name)];
		memmove(one + 1, one,
			(size_t)(r->at + r->count++ - one) * sizeof(*one));
		*one = (struct retry){ .first_ms = f->now_ms };
		snprintf(one->name, sizeof(one->name), "%s", name);
	}
	bool have_others_passed = !is_first && f->stored > one->stored;
	int64_t failed_ms = f->now_ms - one->first_ms;
	int64_t most_ms = LONGEST_PAUSE_MS;

	assert(failed_ms >= 0);
	if (!f->is_lost) {
		r->refused_in_a_row = f->stored == r->stored
			? r->refused_in_a_row + 1 : 1;
		r->stored = f->stored;
		r->pause_ms = between(FIRST_PAUSE_MS, r->pause_ms * 2,
				      BLAMELESS_PAUSE_MS);
		r->general_ms = f->now_ms + r->pause_ms;
	}
	if (have_others_passed && failed_ms >= f->give_up_ms)
		return RETRY_SET_ASIDE;
	if (f->is_lost && !have_others_passed)
		most_ms = BLAMELESS_PAUSE_MS;
	one->stored = f->stored;
	one->due_ms = f->now_ms;
	if (!is_first || !f->is_lost)
		one->due_ms += between(FIRST_PAUSE_MS, failed_ms / 2, most_ms);
	return RETRY_LATER;
}

void
retries_forget(struct retries *r, const char *name)
{
	struct retry *one = find(r, name);

	if (one == NULL)
		return;
	size_t i = (size_t)(one - r->at);
	memmove(one, one + 1, (--r->count - i) * sizeof(*one));
}

void
retries_all_due(struct retries *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->at[i].due_ms = 0;
	r->refused_in_a_row = 0;
	r->pause_ms = 0;
}

bool
retries_is_general(struct retries *r, uint64_t stored)
{
	if (r->refused_in_a_row < FAILS_TO_BE_GENERAL)
		return false;
	if (stored == r->stored)
		return true;
	retries_all_due(r);
	return false;
}
