/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard as a table, a row for each process. In 80 columns what says
 * nothing is left out, then what says least. */
#include "control/status.h"

#include "base/memory.h"
#include "control/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_SIZE = SLOT_ERROR_SIZE + 64, NARROW = 80, GAP = 2 };

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
	int rank;               /* in 80 columns the highest goes first */
};

static void
print_number(uint64_t value, char out[CELL_SIZE])
{
	snprintf(out, CELL_SIZE, "%" PRIu64, value);
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
	human_span(human_elapsed(c->figures->began_wall_us, c->at.wall_us),
		   out);
}

static void
restarts(const struct cell *c, char out[CELL_SIZE])
{
	print_number(c->figures->restarts, out);
}

static void
in_database(const struct cell *c, char out[CELL_SIZE])
{
	int64_t us = human_elapsed(c->figures->database_since_us, c->at.now_us);

	if (c->figures->database_since_us <= 0)
		snprintf(out, CELL_SIZE, "-");
	else
		snprintf(out, CELL_SIZE, "%" PRId64 ".%01ds",
			 us / 1000000, (int)(us / 100000 % 10));
}

static void
host(const struct cell *c, char out[CELL_SIZE])
{
	const char *name = c->figures->host;

	snprintf(out, CELL_SIZE, "%s", name[0] != '\0' ? name : "-");
}

static void
last_error(const struct cell *c, char out[CELL_SIZE])
{
	const struct slot_figures *f = c->figures;
	char span[HUMAN_SIZE];

	if (f->error[0] == '\0') {
		snprintf(out, CELL_SIZE, "-");
		return;
	}
	human_span(human_elapsed(f->error_wall_us, c->at.wall_us), span);
	snprintf(out, CELL_SIZE, "%s ago: %s", span, f->error);
}

static void
counter(const struct cell *c, char out[CELL_SIZE])
{
	print_number(c->figures->counters[c->column->which], out);
}

static void
counter_bytes(const struct cell *c, char out[CELL_SIZE])
{
	human_bytes(c->figures->counters[c->column->which], out);
}

static void
gauge(const struct cell *c, char out[CELL_SIZE])
{
	print_number(c->figures->gauges[c->column->which], out);
}

static void
gauge_bytes(const struct cell *c, char out[CELL_SIZE])
{
	human_bytes(c->figures->gauges[c->column->which], out);
}

/* Rank WIDE: never in 80 columns. */
enum { WIDE = 100 };

static const struct column columns[] = {
	{ "PROCESS", process, true, 0, 0 },
	{ "PID", pid, false, 0, 1 },
	{ "GEN", generation, false, 0, 9 },
	{ "STATE", state, true, 0, 2 },
	{ "AGE", age, false, 0, 5 },
	{ "RESTARTS", restarts, false, 0, 8 },
	{ "SESSIONS", gauge, false, GAUGE_SESSIONS, 4 },
	{ "CONNECTIONS", counter, false, COUNT_CONNECTIONS, 13 },
	{ "ACCEPTED", counter, false, COUNT_MAILS_ACCEPTED, 3 },
	{ "REFUSED", counter, false, COUNT_MAILS_REFUSED, 7 },
	{ "DEFERRED", counter, false, COUNT_MAILS_DEFERRED, 6 },
	{ "BYTES", counter_bytes, false, COUNT_BYTES, 14 },
	{ "BATCHES", counter, false, COUNT_BATCHES, 16 },
	{ "ROWS", counter, false, COUNT_ROWS, 11 },
	{ "LIMITS", counter, false, COUNT_LIMITS_MET, 15 },
	{ "MEMORY", gauge_bytes, false, GAUGE_MEMORY, 12 },
	{ "IN DB", in_database, false, 0, 10 },
	{ "HOST", host, true, 0, WIDE },
	{ "LAST ERROR", last_error, true, 0, WIDE },
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

/* Whether all processes say the same, or nothing. */
static bool
is_idle(const struct status_row *rows, size_t count, size_t c)
{
	bool is_same = columns[c].print == generation;

	for (size_t r = 1; r < count; r++) {
		const char *cell = rows[r].cells[c];
		if (columns[c].print == generation)
			is_same = is_same &&
				  strcmp(cell, rows[1].cells[c]) == 0;
		else if (strcmp(cell, "0") != 0 && strcmp(cell, "-") != 0)
			return false;
	}
	return columns[c].print != generation || is_same;
}

/* Width of each column, 0 for those that are left out. */
static void
measure(const struct status_row *rows, size_t count, bool is_wide,
	int widths[COLUMNS])
{
	int whole = -GAP;

	for (size_t c = 0; c < COLUMNS; c++) {
		widths[c] = 0;
		if (!is_wide && (columns[c].rank == WIDE ||
				 is_idle(rows, count, c)))
			continue;
		for (size_t r = 0; r < count; r++) {
			int width = (int)strlen(rows[r].cells[c]);
			widths[c] = width > widths[c] ? width : widths[c];
		}
		whole += widths[c] + GAP;
	}
	while (!is_wide && whole > NARROW) {
		size_t least = 0;
		for (size_t c = 1; c < COLUMNS; c++)
			if (widths[c] > 0 &&
			    columns[c].rank > columns[least].rank)
				least = c;
		if (least == 0)
			return;
		whole -= widths[least] + GAP;
		widths[least] = 0;
	}
}

static void
print_rows(const struct status_row *rows, size_t count, bool is_wide,
	   struct buf *out)
{
	int widths[COLUMNS];

	measure(rows, count, is_wide, widths);
	for (size_t r = 0; r < count; r++) {
		int gap = 0;
		for (size_t c = 0; c < COLUMNS; c++) {
			if (widths[c] == 0)
				continue;
			buf_printf(out, "%*s%*s", gap, "",
				   columns[c].is_text ? -widths[c] : widths[c],
				   rows[r].cells[c]);
			gap = GAP;
		}
		while (out->len > 0 && out->at[out->len - 1] == ' ')
			out->len--;
		buf_append_byte(out, '\n');
	}
}

void
status_print_table(const struct scoreboard *b, const struct moment *now,
		   bool is_wide, struct buf *out)
{
	struct status_row *rows =
		memory_new(scoreboard_slots(b) + 1, sizeof(*rows));

	print_rows(rows, read_rows(b, now, rows), is_wide, out);
	free(rows);
}
