/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the page, each in a file of its own, and how they write. */
#ifndef STATUS_PAGE_PARTS_H
#define STATUS_PAGE_PARTS_H

#include "base/buf.h"
#include "base/scoreboard.h"
#include "status/status.h"

/* Text, with what HTML has a meaning for escaped. */
void page_append_escaped(struct buf *out, struct view text);

/* "3 d 4 h", "5 min", "7 s"; below 0 is 0. */
void page_append_span(struct buf *out, int64_t seconds);

/* A heading and the head of its table. columns: "Text", or "#Number" for one
 * of numbers; NULL ends. */
void page_begin_table(struct buf *out, const char *id, const char *title,
		      const char *const *columns);
void page_end_table(struct buf *out);

/* A row: its head, then cells. */
void page_begin_row(struct buf *out, struct view head);
void page_cell(struct buf *out, struct view text);
void page_cell_number(struct buf *out, uint64_t value);
void page_end_row(struct buf *out);

/* Time series, as plots (SVG) with their figures as text. */
void page_print_plots(const struct scoreboard *b,
		      const struct status_duty *duty, struct buf *out);

/* Processes, replies, hosts, certificates, limits, errors. now: seconds since
 * 1970. */
void page_print_tables(const struct scoreboard *b,
		       const struct status_duty *duty, int64_t now,
		       struct buf *out);

#endif
