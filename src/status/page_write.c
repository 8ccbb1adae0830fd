/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts, rows and tables in HTML. */
#include "status/page_parts.h"

#include <inttypes.h>

enum { DAY = 24 * 3600 };

void
page_append_escaped(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		switch (text.at[i]) {
		case '<': buf_append_text(out, "&lt;"); break;
		case '>': buf_append_text(out, "&gt;"); break;
		case '&': buf_append_text(out, "&amp;"); break;
		case '"': buf_append_text(out, "&quot;"); break;
		default: buf_append_byte(out, text.at[i]);
		}
}

void
page_append_span(struct buf *out, int64_t seconds)
{
	int64_t s = seconds > 0 ? seconds : 0;

	if (s >= DAY)
		buf_printf(out, "%" PRId64 " d %" PRId64 " h", s / DAY,
			   s % DAY / 3600);
	else if (s >= 3600)
		buf_printf(out, "%" PRId64 " h %" PRId64 " min", s / 3600,
			   s % 3600 / 60);
	else if (s >= 60)
		buf_printf(out, "%" PRId64 " min", s / 60);
	else
		buf_printf(out, "%" PRId64 " s", s);
}

void
page_begin_table(struct buf *out, const char *id, const char *title,
		 const char *const *columns)
{
	/* It scrolls by itself, so a keyboard must reach it. */
	buf_printf(out, "<h2 id=\"%s\">%s</h2>\n<div class=\"wide\" "
		   "tabindex=\"0\" role=\"region\" aria-labelledby=\"%s\">\n"
		   "<table aria-labelledby=\"%s\">\n<thead><tr>", id, title,
		   id, id);
	for (; *columns != NULL; columns++)
		if ((*columns)[0] == '#')
			buf_printf(out, "<th scope=\"col\" class=\"number\">%s"
				   "</th>", *columns + 1);
		else
			buf_printf(out, "<th scope=\"col\">%s</th>", *columns);
	buf_append_text(out, "</tr></thead>\n<tbody>\n");
}

void
page_end_table(struct buf *out)
{
	buf_append_text(out, "</tbody>\n</table>\n</div>\n");
}

void
page_begin_row(struct buf *out, struct view head)
{
	buf_append_text(out, "<tr><th scope=\"row\">");
	page_append_escaped(out, head);
	buf_append_text(out, "</th>");
}

void
page_cell(struct buf *out, struct view text)
{
	buf_append_text(out, "<td>");
	page_append_escaped(out, text);
	buf_append_text(out, "</td>");
}

void
page_cell_number(struct buf *out, uint64_t value)
{
	buf_printf(out, "<td class=\"number\">%" PRIu64 "</td>", value);
}

void
page_end_row(struct buf *out)
{
	buf_append_text(out, "</tr>\n");
}
