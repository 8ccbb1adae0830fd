/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard as JSON (RFC 8259), for programs. Times are seconds. */
#include "base/status_json.h"

#include "base/log_line.h"
#include "base/service_health.h"

#include <inttypes.h>

enum { LONGEST_FAULTS = 64 * 1024 };

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
figures(const char *name, const struct figure *of, size_t count,
	const uint64_t *values, struct buf *out)
{
	buf_printf(out, "\"%s\":{", name);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "\"%s\":%" PRIu64 ",", of[i].name, values[i]);
	close_with("},", out);
}

static void
sandbox(const struct slot_sandbox *s, struct buf *out)
{
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
}

static void
process(const struct slot_figures *f, int64_t now_us, int64_t wall_us,
	struct buf *out)
{
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
	sandbox(&f->sandbox, out);
	figures("gauges", slot_gauge_figures, SLOT_GAUGES, f->gauges, out);
	figures("counters", slot_counter_figures, SLOT_COUNTERS, f->counters,
		out);
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
	figures("counters", slot_counter_figures, SLOT_COUNTERS, f.counters,
		out);
	buf_append_text(out, "\"processes\":[");
	for (size_t i = 0; i < scoreboard_slots(b); i++)
		if (scoreboard_read(b, i, &slot) && slot.role != SLOT_UNUSED)
			process(&slot, now_us, wall_us, out);
	close_with("]}\n", out);
}
