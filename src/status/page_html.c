/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page, top to bottom: is all well, plots, what became of mail, database
 * and spool, tables. No client, recipient or secret stands in it. */
#include "status/page_html.h"

#include "base/clock.h"
#include "base/service_health.h"
#include "status/page_parts.h"

#include <inttypes.h>

enum { SECOND = 1000000, LONGEST_FAULTS = 64 * 1024 };

/* Both are files of this folder, taken in as they are, each with a NUL. */
__asm__(".section .rodata\n"
	".globl page_style_text, page_script_text\n"
	"page_style_text: .incbin \"src/status/page.css\"\n"
	".byte 0\n"
	"page_script_text: .incbin \"src/status/page.js\"\n"
	".byte 0\n"
	".previous\n");

static bool
has_line(struct view lines, struct view line)
{
	while (lines.len > 0)
		if (view_equal(view_take_line(&lines), line))
			return true;
	return false;
}

/* An item a line, but for those that stand in `said` already. */
static void
append_lines(struct buf *out, struct view lines, struct view said)
{
	while (lines.len > 0) {
		struct view line = view_take_line(&lines);
		if (has_line(said, line))
			continue;
		buf_append_text(out, "<li>");
		page_append_escaped(out, line);
		buf_append_text(out, "</li>\n");
	}
}

/* ---- Is all well --------------------------------------------------------- */

static void
print_state(const struct service_health *h, struct view reasons, int64_t now,
	    struct buf *out)
{
	struct buf faults = BUF(LONGEST_FAULTS);

	service_health_faults(h, now, &faults);
	if (reasons.len > 0)
		buf_append_text(out, "<div class=\"state fault\" "
				"role=\"status\">No mail is taken:\n<ul>\n");
	else if (faults.len > 0)
		buf_append_text(out, "<div class=\"state fault\" "
				"role=\"status\">Mail is taken, but somebody "
				"must see to this:\n<ul>\n");
	else
		buf_append_text(out, "<div class=\"state well\" "
				"role=\"status\">All is well: mail is "
				"taken.");
	if (reasons.len > 0 || faults.len > 0) {
		append_lines(out, reasons, VIEW(""));
		append_lines(out, buf_view(&faults), reasons);
		buf_append_text(out, "</ul>\n");
	}
	buf_append_text(out, "</div>\n");
	buf_release(&faults);
}

/* ---- Mail and store ------------------------------------------------------ */

static void
print_row(const char *name, uint64_t value, struct buf *out)
{
	buf_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"number\">"
		   "%" PRIu64 "</td></tr>\n", name, value);
}

static void
print_mail(const struct scoreboard *b, const struct scoreboard_figures *f,
	   const struct service_health *h, struct buf *out)
{
	const uint64_t *c = f->counters;
	uint64_t accepted = c[COUNT_MAILS_ACCEPTED];
	uint64_t spooled = c[COUNT_MAILS_SPOOLED];

	buf_append_text(out, "<h2 id=\"mail\">Mail since the start</h2>\n"
			"<table aria-labelledby=\"mail\">\n");
	print_row("stored", accepted > spooled ? accepted - spooled : 0, out);
	print_row("spooled", spooled, out);
	print_row("refused (5yz)", c[COUNT_MAILS_REFUSED], out);
	print_row("put off (4yz)", c[COUNT_MAILS_DEFERRED], out);
	print_row("thrown away", c[COUNT_MAILS_DISCARDED], out);
	print_row("unwanted senders", c[COUNT_SENDERS_BLOCKED], out);
	print_row("rows", c[COUNT_ROWS], out);
	print_row("rows deleted (retention)", c[COUNT_ROWS_EXPIRED], out);
	print_row("connections", c[COUNT_CONNECTIONS], out);
	print_row("connections turned away", c[COUNT_CONNECTIONS_REFUSED],
		  out);
	print_row("sessions open now", scoreboard_sum(b, GAUGE_SESSIONS), out);
	print_row("messages that wait now", h->held, out);
	buf_append_text(out, "</table>\n");
}

static void
print_store(const struct service_health *h, int64_t now, struct buf *out)
{
	buf_append_text(out, "<h2>Database</h2>\n<p>");
	if (h->workers_up > 0) {
		page_append_escaped(out, view_of(h->host));
		buf_printf(out, "%s: %zu of %zu workers", h->has_more_hosts ?
			   " and others" : "", h->workers_up, h->workers);
	} else {
		buf_append_text(out, h->workers_down > 0 ? "no host" :
				"not asked yet");
	}
	if (h->workers_down > 0) {
		buf_printf(out, "; %zu without one for ", h->workers_down);
		page_append_span(out, now - h->down_since);
	}
	buf_append_text(out, "</p>\n<h2>Spool</h2>\n<p>");
	if (h->spool_files == 0)
		buf_append_text(out, "empty");
	else {
		buf_printf(out, "%" PRIu64 " file%s, %" PRIu64 " bytes, the "
			   "oldest for ", h->spool_files,
			   h->spool_files == 1 ? "" : "s", h->spool_bytes);
		page_append_span(out, now - h->spool_oldest);
	}
	if (h->spool_set_aside > 0)
		buf_printf(out, "; %" PRIu64 " set aside",
			   h->spool_set_aside);
	buf_append_text(out, "</p>\n");
}

void
page_print_html(const struct scoreboard *b, const struct status_duty *duty,
		struct view reasons, struct buf *out)
{
	int64_t now = clock_wall_us() / SECOND;
	struct scoreboard_figures f;
	struct service_health h;

	scoreboard_read_figures(b, &f);
	service_health_read(b, &h);
	buf_append_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
			"<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" "
			"content=\"width=device-width, initial-scale=1\">\n"
			"<title>");
	page_append_escaped(out, view_of(duty->hostname));
	buf_append_text(out, reasons.len > 0 ? ": no mail is taken" :
			": mail is taken");
	buf_append_text(out, "</title>\n"
			"<link rel=\"stylesheet\" href=\"/page.css\">\n"
			"<link rel=\"icon\" href=\"data:,\">\n"
			"<script src=\"/page.js\" defer></script>\n"
			"<noscript><meta http-equiv=\"refresh\" "
			"content=\"5\"></noscript>\n</head>\n<body>\n"
			"<p id=\"silence\" class=\"state fault\" "
			"role=\"alert\"></p>\n<main>\n<h1>");
	page_append_escaped(out, view_of(duty->hostname));
	buf_append_text(out, "</h1>\n");
	print_state(&h, reasons, now, out);
	buf_append_text(out, "<p class=\"quiet\">guerrilla-smtpd ");
	page_append_escaped(out, view_of(f.version));
	buf_printf(out, ", up for ");
	page_append_span(out, now - f.began_wall_us / SECOND);
	buf_printf(out, ", generation %u; restarts %" PRIu64
		   ", reloads %" PRIu64 " (%" PRIu64 " refused), upgrades "
		   "%" PRIu64 "</p>\n", f.generation, f.restarts, f.reloads,
		   f.reloads_failed, f.upgrades);
	page_print_plots(b, duty, out);
	print_mail(b, &f, &h, out);
	print_store(&h, now, out);
	page_print_tables(b, duty, now, out);
	buf_append_text(out, "</main>\n</body>\n</html>\n");
}
