/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page's tables. What never happened has no row. */
#include "status/page_parts.h"

#include "base/history.h"
#include "smtp/reply.h"
#include "status/named_hosts.h"

#include <stdio.h>

enum { SECOND = 1000000, DAY = 24 * 3600 };

/* "worker 3" */
static struct view
name_of(const struct slot_figures *f, char name[32])
{
	if (f->number > 0)
		snprintf(name, 32, "%s %d", f->role_name, f->number);
	else
		snprintf(name, 32, "%s", f->role_name);
	return view_of(name);
}

static void
print_processes(const struct scoreboard *b, int64_t now, struct buf *out)
{
	static const char *const columns[] = {
		"Process", "State", "Since", "#Restarts", "#Sessions",
		"#Mails", "Database host", NULL
	};
	struct slot_figures f;
	char name[32];

	page_begin_table(out, "processes", "Processes", columns);
	for (size_t i = 0; i < scoreboard_slots(b); i++) {
		if (!scoreboard_read(b, i, &f) || f.role == SLOT_UNUSED)
			continue;
		page_begin_row(out, name_of(&f, name));
		page_cell(out, view_of(slot_state_name(f.state)));
		buf_append_text(out, "<td>");
		page_append_span(out, now - f.began_wall_us / SECOND);
		buf_append_text(out, "</td>");
		page_cell_number(out, f.restarts);
		page_cell_number(out, f.gauges[GAUGE_SESSIONS]);
		page_cell_number(out, f.counters[COUNT_MAILS_ACCEPTED]);
		/* That it writes to now, not the one that it has lost. */
		page_cell(out, f.gauges[GAUGE_STORE_UP] != 0 ?
			       view_of(f.host) :
			       f.gauges[GAUGE_STORE_DOWN_SINCE] != 0 ?
			       VIEW("none") : VIEW(""));
		page_end_row(out);
	}
	page_end_table(out);
}

static void
print_replies(const struct scoreboard *b, struct buf *out)
{
	static const char *const columns[] = {
		"Code", "Words", "#Last minute", "#In all", NULL
	};
	uint64_t all[SERIES_VALUES], minute[SERIES_VALUES];

	scoreboard_read_series(b, SERIES_REPLIES, all);
	history_read_replies(b, minute);
	page_begin_table(out, "replies", "Replies", columns);
	for (int which = 0; which < REPLIES; which++) {
		if (all[which] == 0)
			continue;
		page_begin_row(out, reply_code((enum reply)which));
		page_cell(out, reply_words((enum reply)which));
		page_cell_number(out, minute[which]);
		page_cell_number(out, all[which]);
		page_end_row(out);
	}
	page_end_table(out);
}

static void
print_hosts(const struct scoreboard *b, const struct store_settings *s,
	    struct buf *out)
{
	static const char *const columns[] = {
		"Database host", "#Workers", "#Given up", NULL
	};
	struct named_host hosts[SERIES_HOSTS + 1];
	size_t count = named_hosts_read(b, s, hosts);

	page_begin_table(out, "hosts", "Database hosts", columns);
	for (size_t i = 0; i < count; i++) {
		const struct named_host *h = &hosts[i];
		if (i == count - 1 && h->workers == 0 && h->failures == 0)
			continue;
		page_begin_row(out, h->name);
		page_cell_number(out, h->workers);
		page_cell_number(out, h->failures);
		page_end_row(out);
	}
	page_end_table(out);
}

static void
print_certificates(const struct scoreboard *b, int64_t now, struct buf *out)
{
	static const char *const columns[] = { "Certificate", "#Days left",
					       NULL };
	char name[SLOT_CERTIFICATE_SIZE];
	int64_t end_s;

	if (!scoreboard_read_certificate(b, 0, name, &end_s))
		return;
	page_begin_table(out, "certificates", "Certificates", columns);
	for (size_t i = 0; scoreboard_read_certificate(b, i, name, &end_s);
	     i++) {
		page_begin_row(out, view_of(name[0] != '\0' ? name :
					    "default"));
		if (end_s <= now)
			buf_append_text(out, "<td class=\"number\">expired"
					"</td>");
		else
			page_cell_number(out, (uint64_t)(end_s - now) / DAY);
		page_end_row(out);
	}
	page_end_table(out);
}

static void
print_limits(const struct scoreboard *b, struct buf *out)
{
	static const char *const columns[] = { "Limit met", "#Messages",
					       NULL };
	const char *const *limits =
		slot_series_figures[SERIES_LIMITS_MET].values;
	uint64_t counts[SERIES_VALUES], all = 0;

	scoreboard_read_series(b, SERIES_LIMITS_MET, counts);
	for (size_t v = 0; limits[v] != NULL; v++)
		all += counts[v];
	if (all == 0)
		return;
	page_begin_table(out, "limits", "Limits of the parser", columns);
	for (size_t v = 0; limits[v] != NULL; v++) {
		if (counts[v] == 0)
			continue;
		page_begin_row(out, view_of(limits[v]));
		page_cell_number(out, counts[v]);
		page_end_row(out);
	}
	page_end_table(out);
}

/* Of a line of the log the words alone: its fields (" key=value") may name a
 * client or a recipient. */
static struct view
without_fields(struct view line)
{
	for (size_t i = 0; i < line.len; i++) {
		size_t k = i + 1;
		while (k < line.len && (line.at[k] == '_' ||
					(line.at[k] >= 'a' &&
					 line.at[k] <= 'z')))
			k++;
		if (line.at[i] == ' ' && k > i + 1 && k < line.len &&
		    line.at[k] == '=')
			return view_slice(line, 0, i);
	}
	return line;
}

/* Where what the database quotes begins to name an address; text.len: it
 * does not. 'user'@'host' is an account of its own. */
static size_t
find_address(struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		struct view before = view_slice(text, 0, i);
		if (text.at[i] != '@' ||
		    (view_ends_nocase(before, VIEW("'")) &&
		     i + 1 < text.len && text.at[i + 1] == '\''))
			continue;
		size_t quote = view_find(before, '\'');
		size_t space = view_find_last(before, ' ');
		return quote < i ? quote : space < i ? space + 1 : 0;
	}
	return text.len;
}

static void
print_errors(const struct scoreboard *b, int64_t now, struct buf *out)
{
	static const char *const columns[] = { "Process", "Ago", "Text",
					       NULL };
	struct slot_figures f;
	bool has_begun = false;
	char name[32];

	for (size_t i = 0; i < scoreboard_slots(b); i++) {
		if (!scoreboard_read(b, i, &f) || f.error[0] == '\0')
			continue;
		if (!has_begun)
			page_begin_table(out, "errors", "Last errors",
					 columns);
		has_begun = true;
		struct view text = without_fields(view_of(f.error));
		size_t address = find_address(text);
		page_begin_row(out, name_of(&f, name));
		buf_append_text(out, "<td>");
		page_append_span(out, now - f.error_wall_us / SECOND);
		buf_append_text(out, "</td><td>");
		page_append_escaped(out, view_slice(text, 0, address));
		buf_append_text(out, address < text.len ? "...</td>" :
							  "</td>");
		page_end_row(out);
	}
	if (has_begun)
		page_end_table(out);
}

void
page_print_tables(const struct scoreboard *b, const struct status_duty *duty,
		  int64_t now, struct buf *out)
{
	print_processes(b, now, out);
	print_replies(b, out);
	print_hosts(b, duty->store, out);
	print_certificates(b, now, out);
	print_limits(b, out);
	print_errors(b, now, out);
}
