/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which partitions a table should have for a retention: boundaries on a
 * round clock, three intervals ahead, so that a janitor which is away for a
 * while leaves no insert without a place. */
#include "store/partitions.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { AHEAD = 3, DAY_S = 86400, WEEK_S = 7 * 86400 };

static const int64_t round_s[] = {
	60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY_S,
	WEEK_S
};

/* Those whose boundaries are numbers. */
static const struct numbered {
	enum partition_kind kind;
	struct view expression;
	int64_t unit_s;
	int64_t epoch;          /* the number of 1970-01-01 */
} numbered[] = {
	{ PARTITIONS_TO_DAYS, VIEW("to_days(`date`)"), DAY_S, 719528 },
	{ PARTITIONS_TO_SECONDS, VIEW("to_seconds(`date`)"), 1,
	  62167219200 },
	{ PARTITIONS_UNIX_TIMESTAMP, VIEW("unix_timestamp(`date`)"), 1,
	  0 },
};

/* NULL for the others. */
static const struct numbered *
numbered_of(enum partition_kind kind)
{
	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++)
		if (numbered[i].kind == kind)
			return &numbered[i];
	return NULL;
}

enum partition_kind
partitions_kind(struct view method, struct view expression)
{
	if (view_equal_nocase(method, VIEW("RANGE COLUMNS")) &&
	    (view_equal_nocase(expression, VIEW("`date`")) ||
	     view_equal_nocase(expression, VIEW("date"))))
		return PARTITIONS_COLUMNS;
	if (!view_equal_nocase(method, VIEW("RANGE")))
		return PARTITIONS_NONE;
	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++)
		if (view_starts_nocase(expression, numbered[i].expression))
			return numbered[i].kind;
	return PARTITIONS_NONE;
}

bool
partitions_boundary(enum partition_kind kind, struct view description,
		    int64_t *below_s_out)
{
	char copy[DATE_TEXT_SIZE];
	struct tm tm = { 0 };
	size_t number = 0;

	if (view_equal_nocase(description, VIEW("MAXVALUE"))) {
		*below_s_out = INT64_MAX;
		return true;
	}
	if (kind == PARTITIONS_COLUMNS) {
		if (description.len >= sizeof(copy))
			return false;
		memcpy(copy, description.at, description.len);
		copy[description.len] = '\0';
		const char *end = strptime(copy, "'%Y-%m-%d", &tm);
		if (end != NULL && *end == ' ')
			end = strptime(end, " %H:%M:%S", &tm);
		if (end == NULL || strcmp(end, "'") != 0)
			return false;
		*below_s_out = (int64_t)timegm(&tm);
		return true;
	}
	const struct numbered *n = numbered_of(kind);
	if (n == NULL ||
	    !view_to_size(description, INT64_MAX / DAY_S, &number))
		return false;
	*below_s_out = ((int64_t)number - n->epoch) * n->unit_s;
	return true;
}

int64_t
partitions_interval(enum partition_kind kind, int64_t retention_s)
{
	int64_t least = kind == PARTITIONS_TO_DAYS ? DAY_S : round_s[0];
	int64_t interval = least;

	for (size_t i = 0; i < sizeof(round_s) / sizeof(round_s[0]); i++)
		if (round_s[i] >= least && round_s[i] <= retention_s / 4)
			interval = round_s[i];
	return interval;
}

const struct partition *
partitions_catch_all(const struct partitions *p)
{
	const struct partition *last = p->count > 0 ? &p->at[p->count - 1] :
						      NULL;

	return last != NULL && last->below_s == INT64_MAX ? last : NULL;
}

const char *
partitions_date(int64_t seconds, char out[DATE_TEXT_SIZE])
{
	struct tm tm = { 0 };
	time_t t = (time_t)seconds;

	gmtime_r(&t, &tm);
	strftime(out, DATE_TEXT_SIZE, "'%Y-%m-%d %H:%M:%S'", &tm);
	return out;
}

bool
partitions_write_new(const struct partitions *p, const char *table,
		     int64_t now_s, struct buf *sql)
{
	int64_t interval_s = p->interval_s;
	const struct partition *rest = partitions_catch_all(p);
	const struct numbered *n = numbered_of(p->kind);
	char name[DATE_TEXT_SIZE];
	char literal[DATE_TEXT_SIZE];
	struct tm tm = { 0 };
	int64_t last = now_s - now_s % interval_s;
	int64_t wanted = last + (AHEAD + 1) * interval_s;

	assert(n != NULL || p->kind == PARTITIONS_COLUMNS);
	assert(interval_s > 0);
	/* Behind those that are there, unless time has gone past them. */
	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].below_s != INT64_MAX && p->at[i].below_s > last)
			last = p->at[i].below_s;
	int64_t below = last - last % interval_s + interval_s;
	if (below > wanted)
		return false;
	if (rest != NULL)
		buf_printf(sql, "ALTER TABLE %s REORGANIZE PARTITION `%s` "
			   "INTO (", table, rest->name);
	else
		buf_printf(sql, "ALTER TABLE %s ADD PARTITION (", table);
	for (; below <= wanted; below += interval_s) {
		time_t t = (time_t)below;
		gmtime_r(&t, &tm);
		strftime(name, sizeof(name), "p%Y%m%d%H%M", &tm);
		partitions_date(below, literal);
		if (n != NULL)
			snprintf(literal, sizeof(literal), "%" PRId64,
				 below / n->unit_s + n->epoch);
		buf_printf(sql, "PARTITION `%s` VALUES LESS THAN (%s)%s", name,
			   literal, below + interval_s <= wanted ? ", " : "");
	}
	if (rest != NULL)
		buf_printf(sql, ", PARTITION `%s` VALUES LESS THAN %s)",
			   rest->name, p->kind == PARTITIONS_COLUMNS ?
				       "(MAXVALUE)" : "MAXVALUE");
	else
		buf_append_text(sql, ")");
	return true;
}

size_t
partitions_expired(const struct partitions *p, int64_t cutoff_s)
{
	size_t n = 0;

	/* The last one stays: a table has at least one partition. */
	while (n + 1 < p->count && p->at[n].below_s <= cutoff_s)
		n++;
	return n;
}

bool
partitions_are_coarse(const struct partitions *p, int64_t cutoff_s,
		      int64_t retention_s)
{
	size_t n = partitions_expired(p, cutoff_s);

	/* Until this one can be dropped; ours are within that. */
	return n < p->count &&
	       (p->at[n].below_s == INT64_MAX ||
		p->at[n].below_s - cutoff_s >
			retention_s + 2 * p->interval_s);
}

uint64_t
partitions_write_drop(const struct partitions *p, const char *table,
		      size_t count, struct buf *sql)
{
	uint64_t rows = 0;

	/* The server refuses to drop the last one. */
	assert(count > 0 && count < p->count);
	buf_printf(sql, "ALTER TABLE %s DROP PARTITION ", table);
	for (size_t i = 0; i < count; i++) {
		buf_printf(sql, "%s`%s`", i > 0 ? ", " : "", p->at[i].name);
		rows += p->at[i].rows;
	}
	return rows;
}
