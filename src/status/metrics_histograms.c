/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms as Prometheus reads them: each bucket counts those before it
 * too, and both formats are the same. */
#include "status/metrics_printer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Both formats want the same number written the same way. */
static void
write_bound(enum figure_unit unit, uint64_t bound, char to[24])
{
	double value = (double)bound /
		       (unit == UNIT_SECONDS ? METRICS_SECOND_US : 1);

	snprintf(to, 24, "%.10g", value);
	if (strpbrk(to, ".e") == NULL)
		strncat(to, ".0", 3);
}

static void
print_histogram(const struct scoreboard *b, enum slot_histogram which,
		struct buf *out)
{
	const struct figure *f = &slot_histogram_figures[which];
	const struct histogram_scale *scale = &histogram_scales[f->unit];
	struct histogram h;
	uint64_t below = 0;
	char bound[24];

	scoreboard_read_histogram(b, which, &h);
	buf_printf(out, "# HELP " METRICS_PREFIX "%s %s.\n", f->name, f->help);
	buf_printf(out, "# TYPE " METRICS_PREFIX "%s histogram\n", f->name);
	for (size_t i = 0; i < scale->count; i++) {
		below += h.buckets[i];
		write_bound(f->unit, scale->bounds[i], bound);
		buf_printf(out, METRICS_PREFIX "%s_bucket{le=\"%s\"} %"
			   PRIu64 "\n", f->name, bound, below);
	}
	below += h.buckets[scale->count];
	buf_printf(out, METRICS_PREFIX "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n",
		   f->name, below);
	buf_printf(out, METRICS_PREFIX "%s_count %" PRIu64 "\n", f->name,
		   below);
	buf_printf(out, METRICS_PREFIX "%s_sum ", f->name);
	if (f->unit == UNIT_SECONDS)
		metrics_print_seconds(h.sum, out);
	else
		buf_printf(out, "%" PRIu64 "\n", h.sum);
}

void
metrics_print_histograms(const struct scoreboard *b, struct buf *out)
{
	for (int which = 0; which < SLOT_HISTOGRAMS; which++)
		print_histogram(b, (enum slot_histogram)which, out);
}
