/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metrics that one value a line tells apart: replies, database hosts, and
 * what the table of series has names for. */
#include "status/metrics_printer.h"

#include "base/service_health.h"
#include "smtp/reply.h"
#include "status/named_hosts.h"

#include <ctype.h>
#include <stdio.h>

/* ---- Replies ------------------------------------------------------------ */

/* An enum's name in small letters. */
static void
append_reason(struct buf *out, const char *name)
{
	for (; *name != '\0'; name++)
		buf_append_byte(out, (char)tolower((unsigned char)*name));
}

/* Each row of the table, whose code may have no enhanced one. */
static void
print_replies(struct printer *p, const uint64_t counts[SERIES_VALUES])
{
	for (int which = 0; which < REPLIES; which++) {
		struct view enhanced = reply_code((enum reply)which);
		struct view code = view_slice(enhanced, 0, 3);
		enhanced = view_trim(view_slice(enhanced, 3, enhanced.len));
		struct buf labels = BUF(256);
		buf_printf(&labels, "{code=\"%.3s\",enhanced=\"%.*s\","
			   "reason=\"", code.at, (int)enhanced.len,
			   enhanced.at);
		append_reason(&labels, reply_name((enum reply)which));
		buf_append(&labels, VIEW("\"}\0"));
		metrics_sample(p, labels.at, counts[which]);
		buf_release(&labels);
	}
}

/* Each RCPT has one reply. */
static void
print_recipients(struct printer *p, const uint64_t counts[SERIES_VALUES])
{
	struct scoreboard_figures f;

	scoreboard_read_figures(p->b, &f);
	metrics_begin(p, "recipients", true, "Recipients, by whether they were "
		      "accepted.");
	metrics_sample(p, "{outcome=\"accepted\"}",
		       counts[REPLY_RECIPIENT_OK]);
	metrics_sample(p, "{outcome=\"refused\"}",
		       f.counters[COUNT_RECIPIENTS_REFUSED]);
}

/* ---- Database hosts ----------------------------------------------------- */

static void
print_host_failures(struct printer *p)
{
	struct named_host hosts[SERIES_HOSTS + 1];
	size_t count = named_hosts_read(p->b, p->duty->store, hosts);
	char labels[2 * SLOT_HOST_SIZE];

	for (size_t i = 0; i < count; i++) {
		snprintf(labels, sizeof(labels), "{host=\"%.*s\"}",
			 (int)hosts[i].name.len, hosts[i].name.at);
		metrics_sample(p, labels, hosts[i].failures);
	}
}

void
metrics_print_store_workers(struct printer *p)
{
	struct named_host hosts[SERIES_HOSTS + 1];
	size_t count = named_hosts_read(p->b, p->duty->store, hosts);
	char labels[2 * SLOT_HOST_SIZE];
	struct service_health h;

	metrics_begin(p, "store_workers", false, "Ready workers, by whether "
		      "they have a database host, and which.");
	for (size_t i = 0; i < count; i++) {
		snprintf(labels, sizeof(labels),
			 "{host=\"%.*s\",state=\"up\"}",
			 (int)hosts[i].name.len, hosts[i].name.at);
		metrics_sample(p, labels, hosts[i].workers);
	}
	service_health_read(p->b, &h);
	metrics_sample(p, "{host=\"none\",state=\"down\"}", h.workers_down);
}

/* ---- Counts by a value -------------------------------------------------- */

void
metrics_print_series(struct printer *p)
{
	uint64_t counts[SERIES_VALUES];
	char labels[64];

	for (int which = 0; which < SLOT_SERIES; which++) {
		const struct series_figure *f = &slot_series_figures[which];
		scoreboard_read_series(p->b, (enum slot_series)which, counts);
		metrics_begin(p, f->name, true, f->help);
		if (which == SERIES_REPLIES) {
			print_replies(p, counts);
			print_recipients(p, counts);
		} else if (which == SERIES_HOST_FAILURES)
			print_host_failures(p);
		for (size_t v = 0; f->labels != NULL && f->labels[v] != NULL;
		     v++) {
			snprintf(labels, sizeof(labels), "{%s}", f->labels[v]);
			metrics_sample(p, labels, counts[v]);
		}
	}
}
