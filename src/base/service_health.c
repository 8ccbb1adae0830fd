/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the service as a whole is well, and the scoreboard as JSON. It is not
 * believed: its figures only become words here. */
#include "base/service_health.h"

#include "base/log_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	STATUS_SCHEMA = 1,      /* of etc/status.schema.json */
	LONGEST_FAULTS = 64 * 1024,
	DAY = 24 * 3600,
	SPOOL_SECONDS = 300,    /* a spool that is being emptied takes less */
	REFUSED_SECONDS = 60
};

void
service_health_read(const struct scoreboard *b, struct service_health *h)
{
	struct slot_figures f;

	memset(h, 0, sizeof(*h));
	for (size_t i = 0; i < scoreboard_slots(b); i++) {
		if (!scoreboard_read(b, i, &f))
			continue;
		const uint64_t *now = f.gauges;
		int64_t since = (int64_t)now[GAUGE_STORE_DOWN_SINCE];
		int64_t error_at = f.error_wall_us / 1000000;
		bool is_worker = f.role == SLOT_WORKER &&
				 (f.state == SLOT_READY ||
				  f.state == SLOT_PAUSED);
		h->workers += is_worker;
		h->workers_paused += is_worker && f.state == SLOT_PAUSED;
		if (is_worker && now[GAUGE_STORE_UP] != 0) {
			h->workers_up++;
			if (h->host[0] != '\0' && strcmp(h->host, f.host) != 0)
				h->has_more_hosts = true;
			snprintf(h->host, sizeof(h->host), "%s", f.host);
		} else if (is_worker && since != 0) {
			h->workers_down++;
			if (h->down_since == 0 || since < h->down_since)
				h->down_since = since;
		}
		if (f.error[0] != '\0' && error_at >= h->error_at) {
			h->error_at = error_at;
			snprintf(h->error, sizeof(h->error), "%s", f.error);
		}
		h->held += now[GAUGE_HELD];
		h->spool_files += now[GAUGE_SPOOL_FILES];
		h->spool_bytes += now[GAUGE_SPOOL_BYTES];
		h->spool_set_aside += now[GAUGE_SPOOL_SET_ASIDE];
		if (now[GAUGE_SPOOL_OLDEST] != 0)
			h->spool_oldest = (int64_t)now[GAUGE_SPOOL_OLDEST];
		if ((int64_t)now[GAUGE_SPOOL_REFUSED] > h->spool_refused)
			h->spool_refused = (int64_t)now[GAUGE_SPOOL_REFUSED];
		if (now[GAUGE_CERTIFICATE_END] != 0)
			h->certificate_end =
				(int64_t)now[GAUGE_CERTIFICATE_END];
	}
}

bool
service_health_spool_refuses(const struct service_health *h, int64_t now)
{
	return h->spool_refused != 0 &&
	       now - h->spool_refused < REFUSED_SECONDS;
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
		buf_printf(out, "no database host can be written%s\n",
			   service_health_spool_refuses(h, now) ?
			   " and the spool takes no more" : "");
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

/* ---- For programs: JSON (RFC 8259); times are seconds ------------------- */

static void
text(const char *name, const char *value, struct buf *out)
{
	buf_printf(out, "\"%s\":\"", name);
	log_escape(out, LOG_AS_JSON, view_of(value));
	buf_append_text(out, "\",");
}

static void
number(const char *name, int64_t value, struct buf *out)
{
	buf_printf(out, "\"%s\":%" PRId64 ",", name, value);
}

/* Microseconds as seconds with six places; null where there was none. */
static void
seconds(const char *name, int64_t us, struct buf *out)
{
	if (us < 0)
		buf_printf(out, "\"%s\":null,", name);
	else
		buf_printf(out, "\"%s\":%" PRId64 ".%06d,", name,
			   us / 1000000, (int)(us % 1000000));
}

static int64_t
since(int64_t then_us, int64_t now_us)
{
	if (then_us <= 0)
		return -1;
	return now_us > then_us ? now_us - then_us : 0;
}

/* The comma after the last member goes. */
static void
close_with(const char *mark, struct buf *out)
{
	if (out->len > 0 && out->at[out->len - 1] == ',')
		out->len--;
	buf_append_text(out, mark);
}

static void
figures(const struct figure *of, size_t count, const uint64_t *values,
	struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "\"%s\":%" PRIu64 ",", of[i].name, values[i]);
	close_with("},", out);
}

static void
process(const struct slot_figures *f, int64_t now_us, int64_t wall_us,
	struct buf *out)
{
	const struct slot_sandbox *s = &f->sandbox;

	buf_append_text(out, "\n{");
	text("role", f->role_name, out);
	number("number", f->number, out);
	number("pid", f->pid, out);
	number("generation", f->generation, out);
	text("state", slot_state_name(f->state), out);
	number("restarts", f->restarts, out);
	seconds("age", since(f->began_wall_us, wall_us), out);
	seconds("loop_beat_age", since(f->beat_us[SLOT_LOOP], now_us), out);
	seconds("delivery_beat_age", since(f->beat_us[SLOT_DELIVERY], now_us),
		out);
	seconds("in_database", since(f->database_since_us, now_us), out);
	text("host", f->host, out);
	text("last_error", f->error, out);
	seconds("last_error_age", since(f->error_wall_us, wall_us), out);
	buf_append_text(out, "\"sandbox\":{");
	number("uid", s->uid, out);
	buf_printf(out, "\"capabilities\":\"%016" PRIx64 "\",",
		   s->capabilities);
	buf_printf(out, "\"no_new_privs\":%s,",
		   s->no_new_privs ? "true" : "false");
	number("seccomp_instructions", s->instructions, out);
	buf_printf(out, "\"seccomp_hash\":\"%08" PRIx32 "\",", s->hash);
	number("landlock", s->landlock, out);
	close_with("},", out);
	buf_append_text(out, "\"gauges\":{");
	figures(slot_gauge_figures, SLOT_GAUGES, f->gauges, out);
	buf_append_text(out, "\"counters\":{");
	figures(slot_counter_figures, SLOT_COUNTERS, f->counters, out);
	close_with("},", out);
}

/* What somebody has to see to: [] where all is well. */
static void
faults(const struct scoreboard *b, int64_t wall_us, struct buf *out)
{
	struct service_health h;
	struct buf lines = BUF(LONGEST_FAULTS);

	service_health_read(b, &h);
	service_health_faults(&h, wall_us / 1000000, &lines);
	buf_append_text(out, "\"faults\":[");
	for (size_t i = 0, start = 0; i < lines.len; i++)
		if (lines.at[i] == '\n') {
			buf_printf(out, "\"%.*s\",", (int)(i - start),
				   lines.at + start);
			start = i + 1;
		}
	close_with("],", out);
	buf_release(&lines);
}

void
status_print_json(const struct scoreboard *b, int64_t now_us,
		  int64_t wall_us, struct buf *out)
{
	struct scoreboard_figures f;
	struct slot_figures slot;

	scoreboard_read_figures(b, &f);
	buf_append_text(out, "{");
	number("schema", STATUS_SCHEMA, out);
	text("version", f.version, out);
	number("pid", f.master, out);
	seconds("uptime", since(f.began_wall_us, wall_us), out);
	number("generation", f.generation, out);
	number("reloads", (int64_t)f.reloads, out);
	number("reloads_failed", (int64_t)f.reloads_failed, out);
	number("upgrades", (int64_t)f.upgrades, out);
	number("restarts", (int64_t)f.restarts, out);
	number("poisoned", (int64_t)f.poisoned, out);
	faults(b, wall_us, out);
	buf_append_text(out, "\"counters\":{");
	figures(slot_counter_figures, SLOT_COUNTERS, f.counters, out);
	buf_append_text(out, "\"processes\":[");
	for (size_t i = 0; i < scoreboard_slots(b); i++)
		if (scoreboard_read(b, i, &slot))
			process(&slot, now_us, wall_us, out);
	close_with("]}\n", out);
}
