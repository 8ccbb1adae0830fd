/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the service as a whole is well. The scoreboard is not believed:
 * its figures only become words here. */
#include "base/service_health.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	DAY = 24 * 3600,
	SPOOL_SECONDS = 300     /* a spool that is being emptied takes less */
};

static void
add(const struct slot_figures *f, struct service_health *h)
{
	int64_t since = (int64_t)f->gauges[GAUGE_STORE_DOWN_SINCE];
	bool is_worker = f->role == SLOT_WORKER &&
			 (f->state == SLOT_READY || f->state == SLOT_PAUSED);

	h->workers += is_worker;
	h->workers_paused += is_worker && f->state == SLOT_PAUSED;
	if (is_worker && f->gauges[GAUGE_STORE_UP] != 0) {
		h->workers_up++;
		if (h->host[0] != '\0' && strcmp(h->host, f->host) != 0)
			h->has_more_hosts = true;
		snprintf(h->host, sizeof(h->host), "%s", f->host);
	} else if (is_worker && since != 0) {
		h->workers_down++;
		if (h->down_since == 0 || since < h->down_since)
			h->down_since = since;
	}
	if (f->error[0] != '\0' && f->error_wall_us / 1000000 >= h->error_at) {
		h->error_at = f->error_wall_us / 1000000;
		snprintf(h->error, sizeof(h->error), "%s", f->error);
	}
	h->held += f->gauges[GAUGE_HELD];
	h->spool_files += f->gauges[GAUGE_SPOOL_FILES];
	h->spool_bytes += f->gauges[GAUGE_SPOOL_BYTES];
	h->spool_set_aside += f->gauges[GAUGE_SPOOL_SET_ASIDE];
	if (f->gauges[GAUGE_SPOOL_OLDEST] != 0)
		h->spool_oldest = (int64_t)f->gauges[GAUGE_SPOOL_OLDEST];
	if (f->gauges[GAUGE_CERTIFICATE_END] != 0)
		h->certificate_end =
			(int64_t)f->gauges[GAUGE_CERTIFICATE_END];
}

void
service_health_read(const struct scoreboard *b, struct service_health *out)
{
	struct scoreboard_figures all;
	struct slot_figures f;

	memset(out, 0, sizeof(*out));
	scoreboard_read_figures(b, &all);
	out->log_dropped = all.counters[COUNT_LOG_DROPPED];
	for (size_t i = 0; i < scoreboard_slots(b); i++)
		if (scoreboard_read(b, i, &f) && f.role != SLOT_UNUSED)
			add(&f, out);
}

size_t
service_health_faults(const struct service_health *h, int64_t now,
		      struct buf *out)
{
	int64_t left = h->certificate_end - now;
	size_t before = out->len, count = 0;

	if (h->workers == 0)
		buf_append_text(out, "no worker is ready\n");
	else if (h->workers_down > 0 && h->workers_up == 0)
		buf_append_text(out, "no database host can be written\n");
	else if (h->workers_down > 0)
		buf_printf(out, "%zu of %zu workers have no database host\n",
			   h->workers_down, h->workers);
	if (h->workers_paused > 0)
		buf_append_text(out, "paused: newcomers are answered 421 until "
				"-s resume\n");
	if (h->spool_set_aside > 0)
		buf_printf(out, "files set aside in the spool: %" PRIu64
			   "; look at them\n", h->spool_set_aside);
	/* While no host is there it cannot be emptied: that is said. */
	if (h->spool_files > 0 && h->workers_up > 0 &&
	    now - h->spool_oldest > SPOOL_SECONDS)
		buf_append_text(out, "a message has been in the spool for "
				"minutes, though a database host is there\n");
	if (h->certificate_end != 0 && left <= 0)
		buf_append_text(out, "a certificate has expired: renew it and "
				"reload\n");
	else if (h->certificate_end != 0 && left / DAY < CERTIFICATE_DAYS)
		buf_printf(out, "a certificate ends in %" PRId64 " days: renew "
			   "it and reload\n", left / DAY);
	for (size_t i = before; i < out->len; i++)
		count += out->at[i] == '\n';
	return count;
}
