/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metrics: families, each made of figures that the scoreboard has, summed
 * over all processes. */
#include "status/metrics.h"

#include "base/clock.h"
#include "base/service_health.h"
#include "status/metrics_printer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- The service, and counts of all processes, ever --------------------- */

/* A family is the rows that follow each other under one name. */
static const struct count {
	const char *name;
	const char *label;              /* "" or {outcome="..."} */
	enum slot_counter from;
	const char *help;               /* of the first row */
} counts[] = {
	{ "connections", "", COUNT_CONNECTIONS, "Connections accepted." },
	{ "mails", "{outcome=\"stored\"}", COUNT_MAILS_ACCEPTED,
	  "Messages by what became of them when their data ended." },
	{ "mails", "{outcome=\"spooled\"}", COUNT_MAILS_SPOOLED, NULL },
	{ "mails", "{outcome=\"discarded\"}", COUNT_MAILS_DISCARDED, NULL },
	{ "mails", "{outcome=\"refused\"}", COUNT_MAILS_REFUSED, NULL },
	{ "mails", "{outcome=\"deferred\"}", COUNT_MAILS_DEFERRED, NULL },
	{ "mails", "{outcome=\"in_doubt\"}", COUNT_MAILS_IN_DOUBT, NULL },
	{ "mails_bytes", "", COUNT_BYTES, "Bytes of the messages answered "
	  "250." },
	{ "recipients_over_rate", "", COUNT_RECIPIENTS_OVER_RATE,
	  "Recipients over a rate, refused or without a row." },
	{ "senders_blocked", "", COUNT_SENDERS_BLOCKED, "Messages refused or "
	  "thrown away for their sender." },
	{ "batches", "", COUNT_BATCHES, "Statements or transactions that "
	  "stored messages." },
	{ "rows", "", COUNT_ROWS, "Rows stored." },
	{ "events", "{outcome=\"sent\"}", COUNT_EVENTS, "Arrival events, by "
	  "whether a socket took them." },
	{ "events", "{outcome=\"lost\"}", COUNT_EVENTS_LOST, NULL },
	{ "rows_expired", "", COUNT_ROWS_EXPIRED, "Rows deleted by "
	  "retention." },
	{ "reconnects", "", COUNT_RECONNECTS, "Connections made to the "
	  "database." },
	{ "poison", "", COUNT_POISON, "Messages stored without parsing: they "
	  "killed a worker before." },
	{ "signatures", "", COUNT_SIGNATURES, "Signatures that the signer "
	  "made." },
	{ "spool_replayed", "", COUNT_MAILS_REPLAYED, "Messages that went "
	  "from the spool into the database." },
	{ "spool_refused", "", COUNT_MAILS_SET_ASIDE, "Spooled messages that "
	  "the database refuses." },
	{ "log_dropped", "", COUNT_LOG_DROPPED, "Log lines that were lost." },
};

static void
print_service(struct printer *p)
{
	const struct scoreboard_figures *f = &p->figures;
	uint64_t spooled = f->counters[COUNT_MAILS_SPOOLED];
	char version[2 * SCOREBOARD_VERSION_SIZE];

	metrics_begin(p, "build_info", false, "The program's version.");
	snprintf(version, sizeof(version), "{version=\"%.*s\"}",
		 (int)strcspn(f->version, "\"\\\n"), f->version);
	metrics_sample(p, version, 1);
	metrics_begin(p, "start_time_seconds", false, "When the master was "
		      "started, since 1970.");
	metrics_sample_seconds(p, "", f->began_wall_us);
	metrics_gauge(p, "generation", "Goes up by one with each reload and "
		      "upgrade.", f->generation);
	metrics_begin(p, "reloads", true, "Reloads of the configuration.");
	metrics_sample(p, "{outcome=\"done\"}", f->reloads);
	metrics_sample(p, "{outcome=\"refused\"}", f->reloads_failed);
	metrics_begin(p, "upgrades", true, "Upgrades of the running program.");
	metrics_sample(p, "", f->upgrades);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		uint64_t value = f->counters[counts[i].from];
		if (counts[i].help != NULL)
			metrics_begin(p, counts[i].name, true, counts[i].help);
		/* What was spooled is accepted too; the two are read one after
		 * the other. */
		if (counts[i].from == COUNT_MAILS_ACCEPTED)
			value = value > spooled ? value - spooled : 0;
		metrics_sample(p, counts[i].label, value);
	}
}

static int64_t
age_us(int64_t since_s, int64_t wall_us)
{
	if (since_s <= 0 || since_s > wall_us / METRICS_SECOND_US)
		return 0;
	return wall_us - since_s * METRICS_SECOND_US;
}

static void
print_health(struct printer *p)
{
	const struct service_health *h = &p->health;

	metrics_gauge(p, "store_up", "1 while a worker can write to a "
		      "database host.", h->workers_up > 0);
	metrics_begin(p, "queue_messages", false, "Messages that wait for the "
		      "database's verdict.");
	uint64_t waiting = scoreboard_sum(p->b, GAUGE_WAITING);
	metrics_sample(p, "{state=\"new\"}",
		       h->held > waiting ? h->held - waiting : 0);
	metrics_sample(p, "{state=\"held\"}", waiting);
	metrics_gauge(p, "spool_files", "Messages that wait in the spool.",
		      h->spool_files);
	metrics_gauge(p, "spool_bytes", "Bytes that the spool takes.",
		      h->spool_bytes);
	metrics_gauge(p, "spool_limit_bytes", "store.spool_max; 0: nothing is "
		      "spooled.", p->duty->spool_max);
	metrics_begin(p, "spool_oldest_seconds", false, "Age of the oldest "
		      "message in the spool; 0: none.");
	metrics_sample_seconds(p, "", age_us(h->spool_oldest, p->wall_us));
	metrics_gauge(p, "spool_set_aside_files", "Spooled files that an "
		      "operator must see.", h->spool_set_aside);
	metrics_gauge(p, "sessions", "Sessions that are open.",
		      scoreboard_sum(p->b, GAUGE_SESSIONS));
	metrics_gauge(p, "sessions_limit", "limits.connections.",
		      p->duty->connections);
	metrics_gauge(p, "tracked_addresses", "Addresses that have a "
		      "connection, in the tables of the workers.",
		      scoreboard_sum(p->b, GAUGE_ADDRESSES));
	metrics_gauge(p, "tracked_addresses_limit", "How many those tables "
		      "have room for.",
		      scoreboard_sum(p->b, GAUGE_ADDRESSES_LIMIT));
	metrics_gauge(p, "memory_bytes", "Bytes charged to limits.memory.",
		      scoreboard_sum(p->b, GAUGE_MEMORY));
	metrics_gauge(p, "memory_limit_bytes", "limits.memory of all workers.",
		      p->duty->memory * p->duty->workers);
	metrics_gauge(p, "retention_lag_seconds", "How long expired mail "
		      "waits to be deleted.",
		      scoreboard_sum(p->b, GAUGE_RETENTION_LAG));
}

/* ---- What is no sum ----------------------------------------------------- */

/* SIZE is the smallest that a worker offers: what a client meets. */
struct extremes {
	uint64_t size;                  /* 0: not known yet */
	uint64_t domains;
	uint64_t refreshed_s;           /* the oldest list in use */
	uint64_t retention_s;
	uint64_t waiting_s;             /* since when */
};

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static uint64_t
most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void
print_extremes(struct printer *p)
{
	struct extremes e = { .size = 0 };
	struct slot_figures f;

	for (size_t i = 0; i < scoreboard_slots(p->b); i++) {
		const uint64_t *g = f.gauges;
		if (!scoreboard_read(p->b, i, &f))
			continue;
		if (f.role == SLOT_WORKER)
			e.size = least(e.size, g[GAUGE_MAX_MESSAGE_BYTES]);
		e.domains = most(e.domains, g[GAUGE_DOMAINS]);
		e.refreshed_s = least(e.refreshed_s,
				      g[GAUGE_DOMAINS_REFRESHED]);
		e.retention_s = most(e.retention_s, g[GAUGE_RETENTION_DONE]);
		e.waiting_s = least(e.waiting_s, g[GAUGE_WAITING_SINCE]);
	}
	metrics_gauge(p, "max_message_bytes", "The SIZE that is offered; 0: "
		      "not known yet.", e.size);
	metrics_gauge(p, "domains", "Domains that domains_query gave.",
		      e.domains);
	metrics_gauge(p, "domains_refresh_timestamp_seconds", "When "
		      "domains_query last gave them, since 1970; 0: never.",
		      e.refreshed_s);
	metrics_gauge(p, "retention_timestamp_seconds", "When retention had "
		      "nothing left to delete, since 1970; 0: not yet.",
		      e.retention_s);
	metrics_begin(p, "queue_oldest_seconds", false, "Age of the oldest "
		      "message that is held; 0: none.");
	metrics_sample_seconds(p, "", age_us((int64_t)e.waiting_s,
					     p->wall_us));
}

static void
print_certificates(struct printer *p)
{
	char name[SLOT_CERTIFICATE_SIZE], other[SLOT_CERTIFICATE_SIZE];
	char labels[SLOT_CERTIFICATE_SIZE + 16];
	int64_t end_s, other_end_s;

	metrics_begin(p, "certificate_expiry_timestamp_seconds", false, "When "
		      "a certificate ends, since 1970; of a pair the first.");
	for (size_t i = 0;
	     scoreboard_read_certificate(p->b, i, name, &end_s); i++) {
		bool is_told = false;
		for (size_t k = 0; scoreboard_read_certificate(
			     p->b, k, other, &other_end_s); k++) {
			if (strcmp(name, other) != 0)
				continue;
			is_told |= k < i;
			end_s = other_end_s < end_s ? other_end_s : end_s;
		}
		if (is_told)
			continue;
		snprintf(labels, sizeof(labels), "{name=\"%s\"}",
			 name[0] != '\0' ? name : "default");
		metrics_sample(p, labels, end_s > 0 ? (uint64_t)end_s : 0);
	}
}

/* ---- Histograms --------------------------------------------------------- */

/* Each bucket counts those before it too, and both formats are the same. */
static void
print_histograms(const struct scoreboard *b, struct buf *out)
{
	for (int which = 0; which < SLOT_HISTOGRAMS; which++) {
		const struct figure *f = &slot_histogram_figures[which];
		const struct histogram_scale *scale =
			&histogram_scales[f->unit];
		bool is_time = f->unit == UNIT_SECONDS;
		struct histogram h;
		uint64_t below = 0;
		char bound[24];

		scoreboard_read_histogram(b, (enum slot_histogram)which, &h);
		buf_printf(out, "# HELP " METRICS_PREFIX "%s %s.\n", f->name,
			   f->help);
		buf_printf(out, "# TYPE " METRICS_PREFIX "%s histogram\n",
			   f->name);
		for (size_t i = 0; i < scale->count; i++) {
			below += h.buckets[i];
			snprintf(bound, sizeof(bound), "%.10g",
				 (double)scale->bounds[i] /
				 (is_time ? METRICS_SECOND_US : 1));
			/* Both want the same number written the same way. */
			if (strpbrk(bound, ".e") == NULL)
				strncat(bound, ".0", 3);
			buf_printf(out, METRICS_PREFIX "%s_bucket{le=\"%s\"} %"
				   PRIu64 "\n", f->name, bound, below);
		}
		below += h.buckets[scale->count];
		buf_printf(out, METRICS_PREFIX "%s_bucket{le=\"+Inf\"} %"
			   PRIu64 "\n", f->name, below);
		buf_printf(out, METRICS_PREFIX "%s_count %" PRIu64 "\n",
			   f->name, below);
		buf_printf(out, METRICS_PREFIX "%s_sum ", f->name);
		if (is_time)
			metrics_print_seconds(h.sum, out);
		else
			buf_printf(out, "%" PRIu64 "\n", h.sum);
	}
}

void
metrics_print(const struct scoreboard *b, const struct status_duty *duty,
	      enum metrics_format format, struct buf *out)
{
	struct printer p = { .b = b,
			     .duty = duty,
			     .now_us = clock_us(),
			     .wall_us = clock_wall_us(),
			     .is_open = format == METRICS_OPENMETRICS,
			     .out = out };

	scoreboard_read_figures(b, &p.figures);
	service_health_read(b, &p.health);
	print_service(&p);
	metrics_print_series(&p);
	print_health(&p);
	metrics_print_store_workers(&p);
	print_extremes(&p);
	print_certificates(&p);
	metrics_print_processes(&p);
	print_histograms(b, out);
	if (p.is_open)
		buf_append_text(out, "# EOF\n");
}
