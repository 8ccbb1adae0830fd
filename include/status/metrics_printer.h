/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One family of metrics after the other, in both formats: for the files that
 * print them. */
#ifndef STATUS_METRICS_PRINTER_H
#define STATUS_METRICS_PRINTER_H

#include "base/buf.h"
#include "base/scoreboard.h"
#include "base/service_health.h"
#include "status/status.h"

#define METRICS_PREFIX "guerrilla_smtpd_"
enum { METRICS_SECOND_US = 1000000 };

struct printer {
	const struct scoreboard *b;
	const struct status_duty *duty;
	struct scoreboard_figures figures;
	struct service_health health;
	int64_t now_us, wall_us;
	bool is_open;                   /* OpenMetrics */
	struct buf *out;
	const char *family;             /* that is being printed */
	bool is_counter;
};

/* A family begins; name and help must live while it is printed, and name has
 * no _total. */
void metrics_begin(struct printer *p, const char *name, bool is_counter,
		   const char *help);

/* One value of the family that was begun last. labels: "" or {a="b"},
 * escaped. */
void metrics_sample(struct printer *p, const char *labels, uint64_t value);

/* A family of one gauge. */
void metrics_gauge(struct printer *p, const char *name, const char *help,
		   uint64_t value);

/* Microseconds, as seconds; what is below 0 is 0. */
void metrics_sample_seconds(struct printer *p, const char *labels, int64_t us);

/* Appends the same without a name, and the line's end. */
void metrics_print_seconds(uint64_t us, struct buf *out);

/* The files' shares: families whole. */
void metrics_print_series(struct printer *p);
void metrics_print_store_workers(struct printer *p);
void metrics_print_processes(struct printer *p);

#endif
