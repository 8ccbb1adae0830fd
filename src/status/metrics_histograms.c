/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms as Prometheus reads them: each bucket counts those before it
 * too, and both formats are the same. */
#include "status/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX METRICS_PREFIX

enum { SECOND_US = METRICS_SECOND_US };

/* Both formats want the same number written the same way. */
static void
write_bound(enum figure_unit unit, uint64_t bound, char to[24])
{
	double value = unit == UNIT_SECONDS ? (double)bound / SECOND_US :
					      (double)bound;

	snprintf(to, 24, "%.10g", value);
	if (strpbrk(to, ".e") == NULL)
		strncat(to, ".0", 3);
}

static void
print_histogram(const struct scoreboard *b, enum slot_histogram which,
		struct buf *out)
{
	const struct figure *f = &slot_histogram_figures[which];
	const uint64_t *bounds;
	size_t count = histogram_bounds(f->unit, &bounds);
	struct histogram h;
	uint64_t below = 0;
	char bound[24];

	scoreboard_read_histogram(b, which, &h);
	buf_printf(out, "# HELP " PREFIX "%s %s.\n", f->name, f->help);
	buf_printf(out, "# TYPE " PREFIX "%s histogram\n", f->name);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		below += h.buckets[i];
		if (i >= count)
			continue;
		write_bound(f->unit, bounds[i], bound);
		buf_printf(out, PREFIX "%s_bucket{le=\"%s\"} %" PRIu64
			   "\n", f->name, bound, below);
	}
	buf_printf(out, PREFIX "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n",
		   f->name, below);
	buf_printf(out, PREFIX "%s_count %" PRIu64 "\n", f->name, below);
	buf_printf(out, PREFIX "%s_sum ", f->name);
	if (f->unit == UNIT_SECONDS)
		buf_printf(out, "%" PRIu64 ".%06d\n", h.sum / SECOND_US,
			   (int)(h.sum % SECOND_US));
	else
		buf_printf(out, "%" PRIu64 "\n", h.sum);
}

void
metrics_print_histograms(const struct scoreboard *b, struct buf *out)
{
	for (int which = 0; which < SLOT_HISTOGRAMS; which++)
		print_histogram(b, (enum slot_histogram)which, out);
}
