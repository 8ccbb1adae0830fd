/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The paths and their bodies. A body tells nothing of who asked. */
#include "status/pages.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/service_health.h"
#include "status/accept.h"
#include "status/metrics.h"
#include "status/page_html.h"

#include <assert.h>
#include <string.h>

enum { LONGEST_BODY = 1024 * 1024, MASTER_SLOT = 0 };

static const char plain[] = "text/plain; charset=utf-8";

static const struct {
	const char *path;
	const char *type;
} pages[STATUS_PAGES] = {
	[PAGE_HTML] = { "/", "text/html; charset=utf-8" },
	[PAGE_CSS] = { "/page.css", "text/css; charset=utf-8" },
	[PAGE_JS] = { "/page.js", "text/javascript; charset=utf-8" },
	[PAGE_HEALTHZ] = { "/healthz", plain },
	[PAGE_READYZ] = { "/readyz", plain },
	[PAGE_JSON] = { "/status.json", "application/json" },
	[PAGE_METRICS] = { "/metrics",
			   "text/plain; version=0.0.4; charset=utf-8" },
	/* Under the same path, for who prefers it. */
	[PAGE_OPENMETRICS] = { "", "application/openmetrics-text; "
			       "version=1.0.0; charset=utf-8" },
};

int
page_find(const char *path, const char *accept)
{
	static const struct media_type open = {
		VIEW("application/openmetrics-text"), VIEW("1.0.0")
	};
	static const struct media_type text = { VIEW("text/plain"),
						VIEW("0.0.4") };

	for (int i = 0; i < PAGE_OPENMETRICS; i++) {
		if (strcmp(path, pages[i].path) != 0)
			continue;
		return i == PAGE_METRICS &&
		       accept_prefers(view_of(accept), &open, &text)
			       ? PAGE_OPENMETRICS : i;
	}
	return -1;
}

/* ---- Alive and ready ----------------------------------------------------- */

/* Whether the process's heart beat within the watchdog's time. */
static bool
beats(const struct slot_figures *f, int64_t now_us, int64_t watchdog_ms)
{
	return (now_us - f->beat_us[SLOT_LOOP]) / 1000 < watchdog_ms;
}

/* A reason a line why no mail is taken; nothing where it is. */
static void
print_reasons(const struct scoreboard *b, const struct status_duty *duty,
	      struct buf *out)
{
	int64_t now = clock_wall_us() / 1000000;
	struct service_health h;
	struct slot_figures f;
	size_t ready = 0;

	service_health_read(b, &h);
	for (size_t i = 0; i < scoreboard_slots(b); i++)
		ready += scoreboard_read(b, i, &f) && f.role == SLOT_WORKER &&
			 f.state == SLOT_READY &&
			 beats(&f, clock_us(), duty->watchdog_ms);
	if (h.workers > 0 && h.workers_paused == h.workers)
		buf_append_text(out, "paused\n");
	else if (ready == 0)
		buf_append_text(out, "no worker is ready\n");
	if (h.workers > 0 && h.workers_up == 0) {
		if (duty->spool_max == 0)
			buf_append_text(out, "no database host can be "
					"written\n");
		else if (h.spool_bytes >= duty->spool_max ||
			 service_health_spool_refuses(&h, now))
			buf_append_text(out, "no database host can be written "
					"and the spool takes no more\n");
	}
}

void
page_print(enum status_page page, const struct scoreboard *b,
	   const struct status_duty *duty, struct page_answer *out)
{
	struct buf *body = &out->body;
	struct buf reasons = BUF(LONGEST_BODY);
	struct slot_figures master;

	assert(page < STATUS_PAGES);
	*out = (struct page_answer){ 200, pages[page].type, BUF(LONGEST_BODY) };
	switch (page) {
	case PAGE_HTML:
		print_reasons(b, duty, &reasons);
		page_print_html(b, duty, buf_view(&reasons), body);
		buf_release(&reasons);
		break;
	case PAGE_CSS:
		buf_append_text(body, page_style_text);
		break;
	case PAGE_JS:
		buf_append_text(body, page_script_text);
		break;
	case PAGE_HEALTHZ:
		if (!scoreboard_read(b, MASTER_SLOT, &master) ||
		    !beats(&master, clock_us(), duty->watchdog_ms))
			out->code = 503;
		buf_append_text(body, out->code == 200 ? "alive\n" :
				"the master does not answer\n");
		break;
	case PAGE_READYZ:
		print_reasons(b, duty, body);
		if (body->len > 0)
			out->code = 503;
		else
			buf_append_text(body, "ready\n");
		break;
	case PAGE_JSON:
		status_print_json(b, clock_us(), clock_wall_us(), body);
		break;
	case PAGE_METRICS:
		metrics_print(b, duty, METRICS_TEXT, body);
		break;
	case PAGE_OPENMETRICS:
	case STATUS_PAGES:
		metrics_print(b, duty, METRICS_OPENMETRICS, body);
		break;
	}
}

/* ---- Host (RFC 9110 7.2) ------------------------------------------------- */

bool
page_host_is_good(const char *host, const char *hostname)
{
	struct view name = view_of(host != NULL ? host : "");
	struct address ignored;

	if (name.len == 0)
		return true;            /* HTTP/1.0: no browser */
	if (name.at[0] == '[') {
		size_t end = view_find(name, ']');
		return address_parse(view_slice(name, 1, end), &ignored);
	}
	name = view_slice(name, 0, view_find(name, ':'));
	return address_parse(name, &ignored) ||
	       view_equal_nocase(name, VIEW("localhost")) ||
	       view_equal_nocase(name, view_of(hostname));
}
