/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard as a table: a line for the master, a row for each process,
 * columns as wide as what is in them. */
#include "control/status.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_SIZE = 160 };

struct moment {
	int64_t now_us;
	int64_t wall_us;
};

struct cell {
	const struct column *column;
	const struct slot_figures *figures;
	struct moment at;
};

struct column {
	const char *title;
	void (*print)(const struct cell *c, char out[CELL_SIZE]);
	bool is_text;           /* to the left; numbers to the right */
	unsigned which;         /* counter or gauge */
};

static const char *
print_span(int64_t us, char out[CELL_SIZE])
{
	int64_t s = us / 1000000;

	if (s >= 86400)
		snprintf(out, CELL_SIZE, "%" PRId64 "d %02d:%02d", s / 86400,
			 (int)(s / 3600 % 24), (int)(s / 60 % 60));
	else
		snprintf(out, CELL_SIZE, "%d:%02d:%02d", (int)(s / 3600),
			 (int)(s / 60 % 60), (int)(s % 60));
	return out;
}

/* The scoreboard is not believed: no overflow, nothing negative. */
static int64_t
elapsed(int64_t then_us, int64_t now_us)
{
	return then_us > 0 && then_us < now_us ? now_us - then_us : 0;
}

static void
print_number(uint64_t value, char out[CELL_SIZE])
{
	snprintf(out, CELL_SIZE, "%" PRIu64, value);
}

/* 1024 or more as K, M, G with one place. */
static void
print_bytes(uint64_t value, char out[CELL_SIZE])
{
	static const char units[] = "KMGTPE";
	uint64_t worth = 1024;
	size_t unit = 0;

	if (value < 1024) {
		print_number(value, out);
		return;
	}
	for (; value / worth >= 1024; worth *= 1024)
		unit++;
	snprintf(out, CELL_SIZE, "%.1f%c", (double)value / (double)worth,
		 units[unit]);
}

static void
process(const struct cell *c, char out[CELL_SIZE])
{
	if (c->figures->role == SLOT_WORKER)
		snprintf(out, CELL_SIZE, "worker %d", c->figures->number);
	else
		snprintf(out, CELL_SIZE, "%s",
			 slot_role_name(c->figures->role));
}

static void
pid(const struct cell *c, char out[CELL_SIZE])
{
	snprintf(out, CELL_SIZE, "%ld", (long)c->figures->pid);
}

static void
generation(const struct cell *c, char out[CELL_SIZE])
{
	print_number(c->figures->generation, out);
}

static void
state(const struct cell *c, char out[CELL_SIZE])
{
	snprintf(out, CELL_SIZE, "%s", slot_state_name(c->figures->state));
}

static void
age(const struct cell *c, char out[CELL_SIZE])
{
	print_span(elapsed(c->figures->began_wall_us, c->at.wall_us), out);
}

static void
restarts(const struct cell *c, char out[CELL_SIZE])
{
	print_number(c->figures->restarts, out);
}

static void
in_database(const struct cell *c, char out[CELL_SIZE])
{
	int64_t us = elapsed(c->figures->database_since_us, c->at.now_us);

	if (c->figures->database_since_us <= 0)
		snprintf(out, CELL_SIZE, "-");
	else
		snprintf(out, CELL_SIZE, "%" PRId64 ".%01ds",
			 us / 1000000, (int)(us / 100000 % 10));
}

static void
last_error(const struct cell *c, char out[CELL_SIZE])
{
	const char *error = c->figures->error;

	snprintf(out, CELL_SIZE, "%s", error[0] != '\0' ? error : "-");
}

static void
counter(const struct cell *c, char out[CELL_SIZE])
{
	print_number(c->figures->counters[c->column->which], out);
}

static void
counter_bytes(const struct cell *c, char out[CELL_SIZE])
{
	print_bytes(c->figures->counters[c->column->which], out);
}

static void
gauge(const struct cell *c, char out[CELL_SIZE])
{
	print_number(c->figures->gauges[c->column->which], out);
}

static void
gauge_bytes(const struct cell *c, char out[CELL_SIZE])
{
	print_bytes(c->figures->gauges[c->column->which], out);
}

static const struct column columns[] = {
	{ "PROCESS", process, true, 0 },
	{ "PID", pid, false, 0 },
	{ "GEN", generation, false, 0 },
	{ "STATE", state, true, 0 },
	{ "AGE", age, false, 0 },
	{ "RESTARTS", restarts, false, 0 },
	{ "SESSIONS", gauge, false, GAUGE_SESSIONS },
	{ "CONNECTIONS", counter, false, COUNT_CONNECTIONS },
	{ "ACCEPTED", counter, false, COUNT_MAILS_ACCEPTED },
	{ "REFUSED", counter, false, COUNT_MAILS_REFUSED },
	{ "DEFERRED", counter, false, COUNT_MAILS_DEFERRED },
	{ "BYTES", counter_bytes, false, COUNT_BYTES },
	{ "BATCHES", counter, false, COUNT_BATCHES },
	{ "ROWS", counter, false, COUNT_ROWS },
	{ "LIMITS", counter, false, COUNT_LIMITS_MET },
	{ "MEMORY", gauge_bytes, false, GAUGE_MEMORY },
	{ "IN DB", in_database, false, 0 },
	{ "LAST ERROR", last_error, true, 0 },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct status_row {
	char cells[COLUMNS][CELL_SIZE];
};

static size_t
read_rows(const struct scoreboard *b, const struct moment *m,
	  struct status_row *rows)
{
	struct slot_figures f;
	size_t count = 1;

	for (size_t c = 0; c < COLUMNS; c++)
		snprintf(rows[0].cells[c], CELL_SIZE, "%s", columns[c].title);
	for (size_t i = 0; i < scoreboard_slots(b); i++) {
		if (!scoreboard_read(b, i, &f) || f.role == SLOT_UNUSED)
			continue;
		for (size_t c = 0; c < COLUMNS; c++)
			columns[c].print(&(struct cell){ &columns[c], &f, *m },
					 rows[count].cells[c]);
		count++;
	}
	return count;
}

static void
print_rows(const struct status_row *rows, size_t count, struct buf *out)
{
	int widths[COLUMNS] = { 0 };

	for (size_t r = 0; r < count; r++)
		for (size_t c = 0; c < COLUMNS; c++) {
			int width = (int)strlen(rows[r].cells[c]);
			if (width > widths[c])
				widths[c] = width;
		}
	for (size_t r = 0; r < count; r++)
		for (size_t c = 0; c < COLUMNS; c++) {
			bool is_last = c + 1 == COLUMNS;
			int width = is_last ? 0 : widths[c];
			buf_printf(out, "%*s%s",
				   columns[c].is_text ? -width : width,
				   rows[r].cells[c], is_last ? "\n" : "  ");
		}
}

void
status_print_table(const struct scoreboard *b, int64_t now_us,
		   int64_t wall_us, struct buf *out)
{
	struct moment m = { now_us, wall_us };
	struct scoreboard_figures f;
	char span[CELL_SIZE];

	scoreboard_read_figures(b, &f);
	buf_printf(out, "guerrilla-smtpd %s: master %ld, up %s, generation "
		   "%u\n", f.version, (long)f.master,
		   print_span(elapsed(f.began_wall_us, wall_us), span),
		   f.generation);
	buf_printf(out, "reloads %" PRIu64 " (%" PRIu64 " refused), upgrades "
		   "%" PRIu64 ", restarts %" PRIu64 ", poisoned %" PRIu64
		   "; mails accepted %" PRIu64 ", refused %" PRIu64
		   ", deferred %" PRIu64 "\n\n", f.reloads, f.reloads_failed,
		   f.upgrades, f.restarts, f.poisoned,
		   f.counters[COUNT_MAILS_ACCEPTED],
		   f.counters[COUNT_MAILS_REFUSED],
		   f.counters[COUNT_MAILS_DEFERRED]);
	struct status_row *rows =
		memory_new(scoreboard_slots(b) + 1, sizeof(*rows));
	print_rows(rows, read_rows(b, &m, rows), out);
	free(rows);
}
