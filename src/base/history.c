/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two rings of samples: each is what was counted since the one before it. */
#include "base/history.h"

#include "base/scoreboard_layout.h"

#include <string.h>

#define LOOK SCOREBOARD_LOOK
#define SET SCOREBOARD_SET

static const struct {
	size_t first;                   /* where its ring begins */
	size_t count;
	int64_t interval_us;
} rings[HISTORY_SPANS] = {
	[HISTORY_HOUR] = { 0, HISTORY_HOUR_SAMPLES, 5 * INT64_C(1000000) },
	[HISTORY_DAY] = { HISTORY_HOUR_SAMPLES, HISTORY_DAY_SAMPLES,
			  60 * INT64_C(1000000) },
};

static struct scoreboard_history *
history_of(const struct scoreboard *b)
{
	return (void *)((char *)b + scoreboard_slot_offset(SCOREBOARD_SLOTS));
}

/* The sums of all processes, ever. */
static void
read_totals(const struct scoreboard *b, int64_t now_us,
	    struct history_totals *out)
{
	struct scoreboard_figures f;
	struct role_figures r;

	scoreboard_read_figures(b, &f);
	*out = (struct history_totals){ .at_us = now_us };
	memcpy(out->counters, f.counters, sizeof(out->counters));
	for (int role = 0; role < SLOT_ROLES; role++)
		if (scoreboard_read_role(b, (enum slot_role)role, &r))
			out->cpu_us += r.cpu_us;
	scoreboard_read_histogram(b, HISTOGRAM_REPLY, &out->reply);
	scoreboard_read_histogram(b, HISTOGRAM_COMMIT, &out->commit);
}

static uint32_t
narrow(uint64_t value)
{
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* A process that went mad may have taken something back. */
static uint64_t
more(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void
note_times(const struct histogram *now, const struct histogram *before,
	   uint32_t *p50, uint32_t *p99)
{
	struct histogram h = histogram_since(now, before);

	*p50 = narrow((uint64_t)histogram_quantile(&h, UNIT_SECONDS, 0.5));
	*p99 = narrow((uint64_t)histogram_quantile(&h, UNIT_SECONDS, 0.99));
}

static void
fill(const struct scoreboard *b, const struct history_totals *now,
     const struct history_totals *before, struct history_sample *s)
{
	static const struct {
		enum history_field field;
		enum slot_counter counter;
	} counts[] = {
		{ HISTORY_STORED, COUNT_MAILS_ACCEPTED },
		{ HISTORY_SPOOLED, COUNT_MAILS_SPOOLED },
		{ HISTORY_DISCARDED, COUNT_MAILS_DISCARDED },
		{ HISTORY_REFUSED, COUNT_MAILS_REFUSED },
		{ HISTORY_DEFERRED, COUNT_MAILS_DEFERRED },
		{ HISTORY_BATCHES, COUNT_BATCHES },
		{ HISTORY_ROWS, COUNT_ROWS },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		s->at[counts[i].field] = narrow(more(
			now->counters[counts[i].counter],
			before->counters[counts[i].counter]));
	/* What was spooled is accepted too. */
	s->at[HISTORY_STORED] = narrow(more(s->at[HISTORY_STORED],
					    s->at[HISTORY_SPOOLED]));
	s->at[HISTORY_MS] = narrow((uint64_t)(now->at_us - before->at_us) /
				   1000);
	s->at[HISTORY_CPU_MS] = narrow(more(now->cpu_us, before->cpu_us) /
				       1000);
	note_times(&now->reply, &before->reply, &s->at[HISTORY_REPLY_P50_US],
		   &s->at[HISTORY_REPLY_P99_US]);
	note_times(&now->commit, &before->commit,
		   &s->at[HISTORY_COMMIT_P50_US],
		   &s->at[HISTORY_COMMIT_P99_US]);
	s->at[HISTORY_SESSIONS] = narrow(scoreboard_sum(b, GAUGE_SESSIONS));
	s->at[HISTORY_QUEUE] = narrow(scoreboard_sum(b, GAUGE_HELD));
	s->at[HISTORY_SPOOL] = narrow(scoreboard_sum(b, GAUGE_SPOOL_FILES));
}

void
history_take(struct scoreboard *b, int64_t now_us, int64_t wall_us)
{
	struct scoreboard_history *h = history_of(b);
	struct history_totals now = { .at_us = 0 };
	uint64_t replies[SERIES_VALUES];

	assert(now_us > 0 && wall_us >= 0);
	for (int span = 0; span < HISTORY_SPANS; span++) {
		struct history_totals *before = &h->before[span];
		struct history_sample s = { { 0 } };
		if (before->at_us != 0 && now_us >= before->at_us &&
		    now_us - before->at_us < rings[span].interval_us)
			continue;
		if (now.at_us == 0)
			read_totals(b, now_us, &now);
		/* A machine that was started anew has another clock. */
		if (before->at_us != 0 && now_us > before->at_us) {
			fill(b, &now, before, &s);
			s.at[HISTORY_AT_S] =
				narrow((uint64_t)wall_us / 1000000);
			size_t next = LOOK(h->next[span]) % rings[span].count;
			size_t at = rings[span].first + next;
			for (int f = 0; f < HISTORY_FIELDS; f++)
				SET(h->samples[at][f], s.at[f]);
			SET(h->next[span],
			    (uint32_t)((next + 1) % rings[span].count));
		}
		*before = now;
		if (span != HISTORY_HOUR)
			continue;
		scoreboard_read_series(b, SERIES_REPLIES, replies);
		uint32_t next = LOOK(h->next_replies) % HISTORY_REPLY_SAMPLES;
		for (int v = 0; v < SERIES_VALUES; v++)
			SET(h->replies[next][v], replies[v]);
		SET(h->next_replies, (next + 1) % HISTORY_REPLY_SAMPLES);
	}
}

size_t
history_read(const struct scoreboard *b, enum history_span span,
	     struct history_sample out[HISTORY_MOST_SAMPLES])
{
	const struct scoreboard_history *h = history_of(b);
	size_t next = LOOK(h->next[span]), count = 0;

	for (size_t i = 0; i < rings[span].count; i++) {
		size_t at = (next + i) % rings[span].count;
		const _Atomic uint32_t *from =
			h->samples[rings[span].first + at];
		for (int f = 0; f < HISTORY_FIELDS; f++)
			out[count].at[f] = LOOK(from[f]);
		count += out[count].at[HISTORY_AT_S] != 0;
	}
	return count;
}

void
history_read_replies(const struct scoreboard *b, uint64_t out[SERIES_VALUES])
{
	const struct scoreboard_history *h = history_of(b);
	size_t oldest = LOOK(h->next_replies) % HISTORY_REPLY_SAMPLES;

	scoreboard_read_series(b, SERIES_REPLIES, out);
	for (int v = 0; v < SERIES_VALUES; v++)
		out[v] = more(out[v], LOOK(h->replies[oldest][v]));
}
