/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metrics: a table of families, each made of figures that the scoreboard
 * has, summed over all processes. The two formats differ in the names of
 * counters' families and in the last line. */
#include "status/metrics.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/service_health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Families ------------------------------------------------------------ */

struct printer {
	const struct scoreboard *b;
	const struct status_duty *duty;
	int64_t now_us, wall_us;
	bool is_open;                   /* OpenMetrics */
	struct buf *out;
	const char *family;             /* that is being printed */
	bool is_counter;
};

/* name has no _total. */
static void
begin(struct printer *p, const char *name, bool is_counter, const char *help)
{
	const char *end = is_counter && !p->is_open ? "_total" : "";

	p->family = name;
	p->is_counter = is_counter;
	buf_printf(p->out, "# HELP " METRICS_PREFIX "%s%s %s\n", name, end,
		   help);
	buf_printf(p->out, "# TYPE " METRICS_PREFIX "%s%s %s\n", name, end,
		   is_counter ? "counter" : "gauge");
}

/* labels: "" or {a="b"}, escaped. */
static void
name_sample(struct printer *p, const char *labels)
{
	buf_printf(p->out, METRICS_PREFIX "%s%s%s ", p->family,
		   p->is_counter ? "_total" : "", labels);
}

static void
sample(struct printer *p, const char *labels, uint64_t value)
{
	name_sample(p, labels);
	buf_printf(p->out, "%" PRIu64 "\n", value);
}

/* Microseconds, as seconds; nonsense is 0. */
static void
sample_seconds(struct printer *p, const char *labels, int64_t us)
{
	name_sample(p, labels);
	metrics_print_seconds(us < 0 ? 0 : (uint64_t)us, p->out);
}

/* ---- Counts of all processes, ever --------------------------------------- */

/* A family is the rows that follow each other under one name. */
static const struct count {
	const char *name;
	const char *label;              /* "" or {outcome="..."} */
	enum slot_counter from;
	const char *help;               /* of the first row */
} counts[] = {
	{ "connections", "", COUNT_CONNECTIONS, "Connections accepted." },
	{ "connections_refused", "", COUNT_CONNECTIONS_REFUSED,
	  "Connections over a limit or of blocked_clients." },
	{ "mails", "{outcome=\"stored\"}", COUNT_MAILS_ACCEPTED,
	  "Messages by what became of them when their data ended." },
	{ "mails", "{outcome=\"spooled\"}", COUNT_MAILS_SPOOLED, NULL },
	{ "mails", "{outcome=\"discarded\"}", COUNT_MAILS_DISCARDED, NULL },
	{ "mails", "{outcome=\"refused\"}", COUNT_MAILS_REFUSED, NULL },
	{ "mails", "{outcome=\"deferred\"}", COUNT_MAILS_DEFERRED, NULL },
	{ "mails_bytes", "", COUNT_BYTES, "Bytes of the messages answered "
	  "250." },
	{ "recipients", "{outcome=\"refused\"}", COUNT_RECIPIENTS_REFUSED,
	  "Recipients that were not accepted." },
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
	{ "store_errors", "", COUNT_STORE_ERRORS, "Errors of the database." },
	{ "limits_met", "", COUNT_LIMITS_MET, "Messages of which a part was "
	  "not parsed." },
	{ "poison", "", COUNT_POISON, "Messages stored without parsing: they "
	  "killed a worker before." },
	{ "tls_handshakes", "", COUNT_TLS_HANDSHAKES, "TLS handshakes "
	  "completed." },
	{ "tls_failures", "", COUNT_TLS_FAILURES, "TLS handshakes that "
	  "failed." },
	{ "signatures", "", COUNT_SIGNATURES, "Signatures that the signer "
	  "made." },
	{ "spool_replayed", "", COUNT_MAILS_REPLAYED, "Messages that went "
	  "from the spool into the database." },
	{ "spool_refused", "", COUNT_MAILS_SET_ASIDE, "Spooled messages that "
	  "the database refuses." },
	{ "log_dropped", "", COUNT_LOG_DROPPED, "Log lines that were lost." },
};

/* What was spooled is accepted too; the two are read one after the other. */
static uint64_t
count_of(const struct scoreboard_figures *f, enum slot_counter from)
{
	uint64_t spooled = f->counters[COUNT_MAILS_SPOOLED];
	uint64_t value = f->counters[from];

	if (from != COUNT_MAILS_ACCEPTED)
		return value;
	return value > spooled ? value - spooled : 0;
}

static void
print_counts(struct printer *p, const struct scoreboard_figures *f)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		if (counts[i].help != NULL)
			begin(p, counts[i].name, true, counts[i].help);
		sample(p, counts[i].label, count_of(f, counts[i].from));
	}
}

/* ---- The service --------------------------------------------------------- */

static void
print_service(struct printer *p, const struct scoreboard_figures *f)
{
	char version[2 * SCOREBOARD_VERSION_SIZE];

	begin(p, "build_info", false, "The program's version.");
	snprintf(version, sizeof(version), "{version=\"%.*s\"}",
		 (int)strcspn(f->version, "\"\\\n"), f->version);
	sample(p, version, 1);
	begin(p, "start_time_seconds", false, "When the master was started, "
	      "since 1970.");
	sample_seconds(p, "", f->began_wall_us);
	begin(p, "generation", false, "Goes up by one with each reload and "
	      "upgrade.");
	sample(p, "", f->generation);
	begin(p, "reloads", true, "Reloads of the configuration.");
	sample(p, "{outcome=\"done\"}", f->reloads);
	sample(p, "{outcome=\"refused\"}", f->reloads_failed);
	begin(p, "upgrades", true, "Upgrades of the running program.");
	sample(p, "", f->upgrades);
	begin(p, "restarts", true, "Processes started again after an end that "
	      "nobody asked for, or recycled.");
	sample(p, "", f->restarts);
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
	struct service_health h;

	service_health_read(p->b, &h);
	begin(p, "store_up", false, "1 while a worker can write to a database "
	      "host.");
	sample(p, "", h.workers_up > 0);
	begin(p, "store_workers", false, "Ready workers, by whether they have "
	      "a database host.");
	sample(p, "{state=\"up\"}", h.workers_up);
	sample(p, "{state=\"down\"}", h.workers_down);
	begin(p, "queue_messages", false, "Messages that wait for the "
	      "database's verdict.");
	sample(p, "", h.held);
	begin(p, "spool_files", false, "Messages that wait in the spool.");
	sample(p, "", h.spool_files);
	begin(p, "spool_bytes", false, "Bytes that the spool takes.");
	sample(p, "", h.spool_bytes);
	begin(p, "spool_limit_bytes", false, "store.spool_max; 0: nothing is "
	      "spooled.");
	sample(p, "", p->duty->spool_max);
	begin(p, "spool_oldest_seconds", false, "Age of the oldest message in "
	      "the spool; 0: none.");
	sample_seconds(p, "", age_us(h.spool_oldest, p->wall_us));
	begin(p, "spool_set_aside_files", false, "Spooled files that an "
	      "operator must see.");
	sample(p, "", h.spool_set_aside);
	begin(p, "certificate_expiry_timestamp_seconds", false, "When the "
	      "first certificate ends, since 1970; 0: there is none.");
	sample(p, "", (uint64_t)h.certificate_end);
	begin(p, "sessions", false, "Sessions that are open.");
	sample(p, "", scoreboard_sum(p->b, GAUGE_SESSIONS));
	begin(p, "sessions_limit", false, "limits.connections.");
	sample(p, "", p->duty->connections);
	begin(p, "memory_bytes", false, "Bytes charged to limits.memory.");
	sample(p, "", scoreboard_sum(p->b, GAUGE_MEMORY));
	begin(p, "retention_lag_seconds", false, "How long expired mail waits "
	      "to be deleted.");
	sample(p, "", scoreboard_sum(p->b, GAUGE_RETENTION_LAG));
}

/* The smallest that a worker offers: what a client meets. */
static void
print_size(struct printer *p)
{
	struct slot_figures f;
	uint64_t least = 0;

	for (size_t i = 0; i < scoreboard_slots(p->b); i++) {
		if (!scoreboard_read(p->b, i, &f) || f.role != SLOT_WORKER)
			continue;
		uint64_t now = f.gauges[GAUGE_MAX_MESSAGE_BYTES];
		if (now > 0 && (least == 0 || now < least))
			least = now;
	}
	begin(p, "max_message_bytes", false, "The SIZE that is offered; 0: "
	      "not known yet.");
	sample(p, "", least);
}

/* ---- Processes ----------------------------------------------------------- */

/* One role, and how many of it are in each state. */
struct role_count {
	char name[SLOT_ROLE_NAME_SIZE];
	uint64_t in[SLOT_GONE];
};

static void
count_process(struct role_count *roles, const struct slot_figures *f)
{
	size_t r = 0;

	while (r < SLOT_ROLES - 1 && roles[r].name[0] != '\0' &&
	       strcmp(roles[r].name, f->role_name) != 0)
		r++;
	snprintf(roles[r].name, sizeof(roles[r].name), "%s", f->role_name);
	if (f->state < SLOT_GONE)
		roles[r].in[f->state]++;
}

static void
print_processes(struct printer *p)
{
	/* None that lives is a figure too: an alert looks for it. */
	struct role_count roles[SLOT_ROLES] = { { .name = "worker" } };
	struct slot_figures f;
	char labels[64];

	for (size_t i = 0; i < scoreboard_slots(p->b); i++)
		if (scoreboard_read(p->b, i, &f) && f.role != SLOT_UNUSED)
			count_process(roles, &f);
	begin(p, "workers_wanted", false, "Workers that the configuration "
	      "asks for.");
	sample(p, "", p->duty->workers);
	begin(p, "processes", false, "Processes, by what they are and do.");
	for (size_t r = 0; r < SLOT_ROLES && roles[r].name[0] != '\0'; r++)
		for (int s = 0; s < SLOT_GONE; s++) {
			snprintf(labels, sizeof(labels),
				 "{role=\"%.15s\",state=\"%s\"}",
				 roles[r].name,
				 slot_state_name((enum slot_state)s));
			sample(p, labels, roles[r].in[s]);
		}
}

/* Two generations have a worker of the same number for a while: the worse
 * of them. */
struct worker_times {
	bool is_there;
	int64_t beat_age_us[SLOT_THREADS];
	int64_t in_database_us;
};

static int64_t
since(const struct printer *p, int64_t then_us)
{
	return then_us > 0 && p->now_us > then_us ? p->now_us - then_us : 0;
}

static void
take_times(const struct printer *p, const struct slot_figures *f,
	   struct worker_times *w)
{
	int64_t age_us = since(p, f->database_since_us);

	w->is_there = true;
	if (age_us > w->in_database_us)
		w->in_database_us = age_us;
	for (int t = 0; t < SLOT_THREADS; t++) {
		age_us = since(p, f->beat_us[t]);
		if (age_us > w->beat_age_us[t])
			w->beat_age_us[t] = age_us;
	}
}

static void
print_times(struct printer *p, const struct worker_times *workers,
	    size_t count)
{
	static const char *const threads[SLOT_THREADS] = { "loop",
							   "delivery" };
	char labels[64];

	begin(p, "heartbeat_age_seconds", false, "Since a thread of a worker "
	      "was seen alive.");
	for (size_t n = 0; n < count; n++)
		for (int t = 0; t < SLOT_THREADS && workers[n].is_there; t++) {
			snprintf(labels, sizeof(labels),
				 "{worker=\"%zu\",thread=\"%s\"}", n,
				 threads[t]);
			sample_seconds(p, labels, workers[n].beat_age_us[t]);
		}
	begin(p, "in_database_seconds", false, "How long a worker's call of "
	      "the database lasts by now; 0: there is none.");
	for (size_t n = 0; n < count; n++)
		if (workers[n].is_there) {
			snprintf(labels, sizeof(labels), "{worker=\"%zu\"}",
				 n);
			sample_seconds(p, labels, workers[n].in_database_us);
		}
}

static void
print_workers(struct printer *p)
{
	size_t count = scoreboard_slots(p->b);
	struct worker_times *workers = memory_new(count, sizeof(*workers));
	struct slot_figures f;

	for (size_t i = 0; i < count; i++)
		if (scoreboard_read(p->b, i, &f) && f.role == SLOT_WORKER &&
		    f.number > 0 && (size_t)f.number < count)
			take_times(p, &f, &workers[f.number]);
	print_times(p, workers, count);
	free(workers);
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
	struct scoreboard_figures f;

	scoreboard_read_figures(b, &f);
	print_service(&p, &f);
	print_counts(&p, &f);
	print_health(&p);
	print_size(&p);
	print_processes(&p);
	print_workers(&p);
	metrics_print_histograms(b, out);
	if (p.is_open)
		buf_append_text(out, "# EOF\n");
}
