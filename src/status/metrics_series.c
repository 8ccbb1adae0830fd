/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metrics that one value a line tells apart: replies, database hosts, and
 * what the table of series has names for. */
#include "status/metrics_printer.h"

#include "smtp/reply.h"
#include "status/named_hosts.h"

#include <assert.h>
#include <stdio.h>

enum { REASON_SIZE = 48 };

/* ---- Replies ------------------------------------------------------------ */

/* Each row of the table, whose code may have no enhanced one; its reason is
 * the enum's name in small letters. */
static void
print_replies(struct printer *p, const uint64_t counts[SERIES_VALUES])
{
	char reason[REASON_SIZE], labels[128];

	for (int which = 0; which < REPLIES; which++) {
		const char *name = reply_name((enum reply)which);
		struct view code = reply_code((enum reply)which);
		struct view enhanced = view_trim(view_slice(code, 3,
							    code.len));
		size_t i = 0;
		for (; name[i] != '\0'; i++) {
			assert(i < REASON_SIZE - 1);
			reason[i] = ascii_lower(name[i]);
		}
		reason[i] = '\0';
		snprintf(labels, sizeof(labels), "{code=\"%.3s\","
			 "enhanced=\"%.*s\",reason=\"%s\"}", code.at,
			 (int)enhanced.len, enhanced.at, reason);
		metrics_sample(p, labels, counts[which]);
	}
	/* Each RCPT has one reply. */
	metrics_begin(p, "recipients", true, "Recipients, by whether they were "
		      "accepted.");
	metrics_sample(p, "{outcome=\"accepted\"}",
		       counts[REPLY_RECIPIENT_OK]);
	metrics_sample(p, "{outcome=\"refused\"}",
		       p->figures.counters[COUNT_RECIPIENTS_REFUSED]);
}

/* ---- Database hosts ----------------------------------------------------- */

void
metrics_print_store_workers(struct printer *p)
{
	struct named_host hosts[SERIES_HOSTS + 1];
	size_t count = named_hosts_read(p->b, p->duty->store, hosts);
	char labels[2 * SLOT_HOST_SIZE];

	metrics_begin(p, "store_workers", false, "Ready workers, by whether "
		      "they have a database host, and which.");
	for (size_t i = 0; i < count; i++) {
		snprintf(labels, sizeof(labels),
			 "{host=\"%.*s\",state=\"up\"}",
			 (int)hosts[i].name.len, hosts[i].name.at);
		metrics_sample(p, labels, hosts[i].workers);
	}
	metrics_sample(p, "{host=\"none\",state=\"down\"}",
		       p->health.workers_down);
}

/* ---- Counts by a value -------------------------------------------------- */

void
metrics_print_series(struct printer *p)
{
	struct named_host hosts[SERIES_HOSTS + 1];
	size_t host_count = named_hosts_read(p->b, p->duty->store, hosts);
	uint64_t counts[SERIES_VALUES];
	char help[128], labels[2 * SLOT_HOST_SIZE];

	for (int which = 0; which < SLOT_SERIES; which++) {
		const struct series_figure *f = &slot_series_figures[which];
		scoreboard_read_series(p->b, (enum slot_series)which, counts);
		snprintf(help, sizeof(help), "%s.", f->help);
		metrics_begin(p, f->name, true, help);
		if (which == SERIES_REPLIES)
			print_replies(p, counts);
		for (size_t i = 0; which == SERIES_HOST_FAILURES &&
		     i < host_count; i++) {
			snprintf(labels, sizeof(labels), "{host=\"%.*s\"}",
				 (int)hosts[i].name.len, hosts[i].name.at);
			metrics_sample(p, labels, hosts[i].failures);
		}
		for (size_t v = 0; f->values != NULL && f->values[v] != NULL;
		     v++) {
			snprintf(labels, sizeof(labels), f->label != NULL ?
				 "{%s=\"%s\"}" : "{%s%s}", f->label != NULL ?
				 f->label : "", f->values[v]);
			metrics_sample(p, labels, counts[v]);
		}
	}
}
