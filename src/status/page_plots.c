/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plots: lines over time, each told apart by its dashes too, and beside them
 * the latest figures and the highest as text. */
#include "status/page_parts.h"

#include "base/clock.h"
#include "base/history.h"
#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 240, HEIGHT = 60, LINES = 5, SECOND = 1000000 };

/* ---- What is plotted ----------------------------------------------------- */

/* Of a sample: a count by the second, a time in ms, a quotient, or itself. */
enum scale { A_SECOND, IN_MS, ITSELF, ROWS_A_BATCH, PROCESSORS };

static const struct plot {
	const char *title;
	enum scale scale;
	struct {
		const char *name;       /* NULL: no more */
		enum history_field field;
	} lines[LINES];
} plots[] = {
	{ "Mails a second", A_SECOND,
	  { { "stored", HISTORY_STORED }, { "spooled", HISTORY_SPOOLED },
	    { "refused", HISTORY_REFUSED }, { "put off", HISTORY_DEFERRED },
	    { "thrown away", HISTORY_DISCARDED } } },
	{ "From data to reply, ms", IN_MS,
	  { { "half", HISTORY_REPLY_P50_US },
	    { "99 of 100", HISTORY_REPLY_P99_US } } },
	{ "Commit, ms", IN_MS,
	  { { "half", HISTORY_COMMIT_P50_US },
	    { "99 of 100", HISTORY_COMMIT_P99_US } } },
	{ "Rows a commit", ROWS_A_BATCH, { { "rows", HISTORY_ROWS } } },
	{ "Sessions", ITSELF, { { "open", HISTORY_SESSIONS } } },
	{ "Messages that wait", ITSELF,
	  { { "for the database", HISTORY_QUEUE },
	    { "in the spool", HISTORY_SPOOL } } },
	{ "Processors in use", PROCESSORS, { { "all", HISTORY_CPU_MS } } },
};

static double
value_of(const struct history_sample *s, enum scale scale,
	 enum history_field field)
{
	double value = s->at[field];

	switch (scale) {
	case A_SECOND:
		return s->at[HISTORY_MS] > 0 ?
		       value * 1000 / s->at[HISTORY_MS] : 0;
	case IN_MS:
		return value / 1000;
	case ROWS_A_BATCH:
		return s->at[HISTORY_BATCHES] > 0 ?
		       value / s->at[HISTORY_BATCHES] : 0;
	case PROCESSORS:
		return s->at[HISTORY_MS] > 0 ? value / s->at[HISTORY_MS] : 0;
	case ITSELF:
		break;
	}
	return value;
}

/* ---- A plot -------------------------------------------------------------- */

struct drawing {
	const struct history_sample *samples;
	size_t count;
	const char *span;               /* "hour" */
	int64_t from_s, span_s;
	const struct plot *plot;
	double highest;
};

/* A point a column of the plot: the highest of its samples. */
static void
print_line(const struct drawing *d, int line, struct buf *out)
{
	double columns[WIDTH], most = d->highest;

	assert(line < LINES && d->count <= HISTORY_MOST_SAMPLES);
	for (int x = 0; x < WIDTH; x++)
		columns[x] = -1;
	for (size_t i = 0; i < d->count; i++) {
		const struct history_sample *s = &d->samples[i];
		int64_t age_s = (int64_t)s->at[HISTORY_AT_S] - d->from_s;
		if (age_s < 0 || age_s >= d->span_s)
			continue;
		double *c = &columns[age_s * WIDTH / d->span_s];
		double v = value_of(s, d->plot->scale,
				    d->plot->lines[line].field);
		*c = v > *c ? v : *c;
	}
	buf_printf(out, "<polyline class=\"line%d\" points=\"", line);
	for (int x = 0; x < WIDTH; x++) {
		if (columns[x] < 0)
			continue;
		double y = most > 0 ? HEIGHT - columns[x] / most *
			   (HEIGHT - 2) : HEIGHT;
		buf_printf(out, "%d,%.1f ", x, y);
		/* One point alone would be no line, and not be seen. */
		if ((x == 0 || columns[x - 1] < 0) &&
		    (x == WIDTH - 1 || columns[x + 1] < 0))
			buf_printf(out, "%d,%.1f ", x + 1, y);
	}
	buf_append_text(out, "\"/>");
}

/* As many digits as tell something. */
static void
print_value(double value, struct buf *out)
{
	buf_printf(out, value >= 100 || value == (double)(int64_t)value ?
		   "%.0f" : value >= 1 ? "%.1f" : "%.2f", value);
}

/* more: text behind the highest figure. */
static void
print_plot(struct drawing *d, const char *more, struct buf *out)
{
	const struct plot *p = d->plot;
	static const struct history_sample none = { { 0 } };
	const struct history_sample *last =
		d->count > 0 ? &d->samples[d->count - 1] : &none;

	buf_printf(out, "<figure>\n<figcaption>%s</figcaption>\n"
		   "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
		   "role=\"img\"><title>%s, the last %s</title>", p->title,
		   WIDTH, HEIGHT, p->title, d->span);
	d->highest = 0;
	for (size_t i = 0; i < d->count; i++)
		for (int l = 0; l < LINES && p->lines[l].name != NULL; l++) {
			double v = value_of(&d->samples[i], p->scale,
					    p->lines[l].field);
			d->highest = v > d->highest ? v : d->highest;
		}
	for (int l = 0; l < LINES && p->lines[l].name != NULL; l++)
		print_line(d, l, out);
	buf_append_text(out, "</svg>\n<p class=\"key\">");
	for (int l = 0; l < LINES && p->lines[l].name != NULL; l++) {
		buf_printf(out, "<span><svg class=\"sign\" "
			   "viewBox=\"0 0 20 4\" aria-hidden=\"true\">"
			   "<polyline class=\"line%d\" "
			   "points=\"0,2 20,2\"/></svg> %s ", l,
			   p->lines[l].name);
		print_value(value_of(last, p->scale, p->lines[l].field), out);
		buf_append_text(out, "</span> ");
	}
	buf_append_text(out, "<span>highest ");
	print_value(d->highest, out);
	buf_printf(out, "%s</span></p>\n</figure>\n", more);
}

/* ---- All of them --------------------------------------------------------- */

void
page_print_plots(const struct scoreboard *b, const struct status_duty *duty,
		 struct buf *out)
{
	static const struct {
		enum history_span span;
		const char *id, *title;
		int64_t span_s;
	} spans[] = {
		{ HISTORY_HOUR, "hour", "The last hour", 3600 },
		{ HISTORY_DAY, "day", "The last day", INT64_C(24) * 3600 },
	};
	struct history_sample *samples =
		memory_new(HISTORY_MOST_SAMPLES, sizeof(*samples));
	char limit[32];

	snprintf(limit, sizeof(limit), ", limit %zu", duty->connections);
	for (size_t k = 0; k < sizeof(spans) / sizeof(*spans); k++) {
		struct drawing d = {
			.samples = samples,
			.count = history_read(b, spans[k].span, samples),
			.span = spans[k].id,
			.from_s = clock_wall_us() / SECOND -
				  spans[k].span_s + 1,
			.span_s = spans[k].span_s,
		};
		buf_printf(out, "<h2 id=\"%s\">%s</h2>\n"
			   "<div class=\"plots\">\n", spans[k].id,
			   spans[k].title);
		for (size_t i = 0; i < sizeof(plots) / sizeof(*plots); i++) {
			d.plot = &plots[i];
			print_plot(&d, plots[i].lines[0].field ==
				   HISTORY_SESSIONS ? limit : "", out);
		}
		buf_append_text(out, "</div>\n");
	}
	free(samples);
}
