/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two formats differ in the names of counters' families and in the last
 * line. */
#include "status/metrics_printer.h"

#include <assert.h>
#include <inttypes.h>

void
metrics_print_seconds(uint64_t us, struct buf *out)
{
	buf_printf(out, "%" PRIu64 ".%06d\n", us / METRICS_SECOND_US,
		   (int)(us % METRICS_SECOND_US));
}

void
metrics_begin(struct printer *p, const char *name, bool is_counter,
	      const char *help)
{
	const char *end = is_counter && !p->is_open ? "_total" : "";

	p->family = name;
	p->is_counter = is_counter;
	buf_printf(p->out, "# HELP " METRICS_PREFIX "%s%s %s\n", name, end,
		   help);
	buf_printf(p->out, "# TYPE " METRICS_PREFIX "%s%s %s\n", name, end,
		   is_counter ? "counter" : "gauge");
}

static void
name_sample(struct printer *p, const char *labels)
{
	assert(p->family != NULL);
	buf_printf(p->out, METRICS_PREFIX "%s%s%s ", p->family,
		   p->is_counter ? "_total" : "", labels);
}

void
metrics_sample(struct printer *p, const char *labels, uint64_t value)
{
	name_sample(p, labels);
	buf_printf(p->out, "%" PRIu64 "\n", value);
}

void
metrics_gauge(struct printer *p, const char *name, const char *help,
	      uint64_t value)
{
	metrics_begin(p, name, false, help);
	metrics_sample(p, "", value);
}

void
metrics_sample_seconds(struct printer *p, const char *labels, int64_t us)
{
	name_sample(p, labels);
	metrics_print_seconds(us < 0 ? 0 : (uint64_t)us, p->out);
}
