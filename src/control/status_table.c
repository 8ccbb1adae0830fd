/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard as a table, a row for each process. In 80 columns what says
 * nothing is left out, then what says least; so in any other width. */
#include "control/status.h"

#include "base/memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_SIZE = SLOT_ERROR_SIZE + 64, GAP = 2 };

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
	int rank;               /* where it is narrow the highest goes first */
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
		snprintf(out, CELL_SIZE, "%s", c->figures->role_name);
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

/* "seccomp 2f00a1c3/312, landlock 6": what holds it beside its account. */
static void
sandbox(const struct cell *c, char out[CELL_SIZE])
{
	const struct slot_sandbox *s = &c->figures->sandbox;

	if (s->instructions == 0 && s->landlock == 0)
		snprintf(out, CELL_SIZE, "-");
	else if (s->landlock == 0)
		snprintf(out, CELL_SIZE, "seccomp %08" PRIx32 "/%" PRIu32,
			 s->hash, s->instructions);
	else
		snprintf(out, CELL_SIZE, "seccomp %08" PRIx32 "/%" PRIu32
			 ", landlock %d", s->hash, s->instructions,
			 s->landlock);
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

/* Rank WIDE: only where the width is without end. */
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
	{ "SANDBOX", sandbox, true, 0, WIDE },
	{ "IN DB", in_database, false, 0, 10 },
	{ "HOST", host, true, 0, WIDE },
	{ "LAST ERROR", last_error, true, 0, WIDE },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct status_row {
	char cells[COLUMNS][CELL_SIZE];
};

/* The largest first; the rest stay in the order of their places. */
static bool
is_before(const struct slot_figures *a, const struct slot_figures *b,
	  enum status_order order)
{
	switch (order) {
	case STATUS_BY_PLACE:
		return false;
	case STATUS_BY_SESSIONS:
		return a->gauges[GAUGE_SESSIONS] > b->gauges[GAUGE_SESSIONS];
	case STATUS_BY_MAILS:
		return a->counters[COUNT_MAILS_ACCEPTED] >
		       b->counters[COUNT_MAILS_ACCEPTED];
	case STATUS_BY_MEMORY:
		return a->gauges[GAUGE_MEMORY] > b->gauges[GAUGE_MEMORY];
	}
	return false;
}

/* The titles and a row a process, into rows; returns how many. */
static size_t
read_rows(const struct scoreboard *b, const struct moment *m,
	  enum status_order order, struct status_row *rows)
{
	struct slot_figures *found =
		memory_new(scoreboard_slots(b) + 1, sizeof(*found));
	struct slot_figures f;
	size_t count = 0;

	for (size_t i = 0; i < scoreboard_slots(b); i++) {
		if (!scoreboard_read(b, i, &f) || f.role == SLOT_UNUSED)
			continue;
		size_t at = count++;
		for (; at > 0 && is_before(&f, &found[at - 1], order); at--)
			found[at] = found[at - 1];
		found[at] = f;
	}
	for (size_t c = 0; c < COLUMNS; c++) {
		snprintf(rows[0].cells[c], CELL_SIZE, "%s", columns[c].title);
		for (size_t i = 0; i < count; i++)
			columns[c].print(&(struct cell){ &columns[c],
							 &found[i], *m },
					 rows[i + 1].cells[c]);
	}
	free(found);
	return count + 1;
}

/* Whether all processes say the same, or nothing. */
static bool
is_idle(const struct status_row *rows, size_t count, size_t c)
{
	bool is_generation = columns[c].print == generation;

	for (size_t r = 1; r < count; r++) {
		const char *cell = rows[r].cells[c];
		if (is_generation ? strcmp(cell, rows[1].cells[c]) != 0 :
		    strcmp(cell, "0") != 0 && strcmp(cell, "-") != 0)
			return false;
	}
	return true;
}

/* Width of each column, 0 for those that are left out. */
static void
measure(const struct status_row *rows, size_t count, int width,
	int widths[COLUMNS])
{
	int whole = -GAP;

	for (size_t c = 0; c < COLUMNS; c++) {
		widths[c] = 0;
		if (width > 0 && (columns[c].rank == WIDE ||
				  is_idle(rows, count, c)))
			continue;
		for (size_t r = 0; r < count; r++) {
			int needed = (int)strlen(rows[r].cells[c]);
			widths[c] = needed > widths[c] ? needed : widths[c];
		}
		whole += widths[c] + GAP;
	}
	while (width > 0 && whole > width) {
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

void
status_print_table(const struct scoreboard *b, const struct moment *now,
		   const struct status_shape *shape, struct buf *out)
{
	struct status_row *rows =
		memory_new(scoreboard_slots(b) + 1, sizeof(*rows));
	size_t count = read_rows(b, now, shape->order, rows);
	int widths[COLUMNS];

	assert(count >= 1 && count <= scoreboard_slots(b) + 1);
	measure(rows, count, shape->width, widths);
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
	free(rows);
}
