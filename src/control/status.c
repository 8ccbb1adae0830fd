/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service as a whole, in words: whether all is well, and if not what
 * somebody has to see to. */
#include "control/status.h"

#include "base/service_health.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { SECOND = 1000000, DAY = 24 * 3600, LONGEST_FAULTS = 64 * 1024 };

const char *
human_span(int64_t us, char out[HUMAN_SIZE])
{
	int64_t s = us / 1000000;

	if (s >= 86400)
		snprintf(out, HUMAN_SIZE, "%" PRId64 "d %02d:%02d", s / 86400,
			 (int)(s / 3600 % 24), (int)(s / 60 % 60));
	else
		snprintf(out, HUMAN_SIZE, "%d:%02d:%02d", (int)(s / 3600),
			 (int)(s / 60 % 60), (int)(s % 60));
	return out;
}

const char *
human_bytes(uint64_t bytes, char out[HUMAN_SIZE])
{
	static const char units[] = "KMGTPE";
	uint64_t worth = 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(out, HUMAN_SIZE, "%" PRIu64, bytes);
		return out;
	}
	for (; bytes / worth >= 1024; worth *= 1024)
		unit++;
	assert(unit < sizeof(units) - 1);
	snprintf(out, HUMAN_SIZE, "%.1f%c", (double)bytes / (double)worth,
		 units[unit]);
	return out;
}

int64_t
human_elapsed(int64_t then_us, int64_t now_us)
{
	return then_us > 0 && then_us < now_us ? now_us - then_us : 0;
}

static const char *
ago(int64_t then_s, int64_t now_s, char out[HUMAN_SIZE])
{
	return human_span(human_elapsed(then_s, now_s) * SECOND, out);
}

static void
print_database(const struct service_health *h, int64_t now, struct buf *out)
{
	char span[HUMAN_SIZE];

	buf_append_text(out, "database     ");
	if (h->workers_up > 0)
		buf_printf(out, "%s%s, %zu of %zu workers", h->host,
			   h->has_more_hosts ? " and others" : "",
			   h->workers_up, h->workers);
	else
		buf_append_text(out, h->workers_down > 0 ? "away" :
				     "not asked yet");
	if (h->workers_down > 0)
		buf_printf(out, "%s for %s", h->workers_up > 0 ?
			   "; the others without one" : "",
			   ago(h->down_since, now, span));
	if (h->held > 0)
		buf_printf(out, "; messages that wait: %" PRIu64, h->held);
	buf_append_byte(out, '\n');
}

static void
print_spool(const struct service_health *h, int64_t now, struct buf *out)
{
	char bytes[HUMAN_SIZE];
	char span[HUMAN_SIZE];

	buf_append_text(out, "spool        ");
	if (h->spool_files == 0)
		buf_append_text(out, "empty");
	else
		buf_printf(out, "%" PRIu64 " file%s, %s bytes, the oldest for "
			   "%s", h->spool_files, h->spool_files == 1 ? "" : "s",
			   human_bytes(h->spool_bytes, bytes),
			   ago(h->spool_oldest, now, span));
	if (h->spool_set_aside > 0)
		buf_printf(out, "; %" PRIu64 " set aside", h->spool_set_aside);
	buf_append_byte(out, '\n');
}

bool
status_print_summary(const struct scoreboard *b, const struct moment *m,
		     struct buf *out)
{
	struct buf faults = BUF(LONGEST_FAULTS);
	int64_t now = m->wall_us / SECOND;
	struct scoreboard_figures f;
	struct service_health h;
	char span[HUMAN_SIZE];

	scoreboard_read_figures(b, &f);
	service_health_read(b, &h);
	buf_printf(out, "guerrilla-smtpd %s: master %ld, up %s, generation "
		   "%u\n", f.version, (long)f.master,
		   human_span(human_elapsed(f.began_wall_us, m->wall_us),
			      span), f.generation);
	size_t count = service_health_faults(&h, now, &faults);
	buf_append_text(out, count == 0 ? "All is well.\n" :
			     "Somebody must see to this:\n");
	for (struct view rest = buf_view(&faults); rest.len > 0;) {
		struct view line = view_take_line(&rest);
		buf_printf(out, "  - %.*s\n", (int)line.len, line.at);
	}
	buf_release(&faults);
	print_database(&h, now, out);
	print_spool(&h, now, out);
	int64_t left = h.certificate_end - now;
	if (h.certificate_end == 0)
		buf_append_text(out, "certificate  none\n");
	else if (left <= 0)
		buf_printf(out, "certificate  expired %" PRId64 " days ago\n",
			   -left / DAY);
	else
		buf_printf(out, "certificate  %" PRId64 " days left\n",
			   left / DAY);
	if (h.error[0] != '\0')
		buf_printf(out, "last error   %s ago: %s\n",
			   ago(h.error_at, now, span), h.error);
	buf_printf(out, "mails        accepted %" PRIu64 ", refused %" PRIu64
		   ", deferred %" PRIu64 "\n",
		   f.counters[COUNT_MAILS_ACCEPTED],
		   f.counters[COUNT_MAILS_REFUSED],
		   f.counters[COUNT_MAILS_DEFERRED]);
	buf_printf(out, "service      reloads %" PRIu64 " (%" PRIu64
		   " refused), upgrades %" PRIu64 ", restarts %" PRIu64
		   ", poisoned %" PRIu64 "\n", f.reloads, f.reloads_failed,
		   f.upgrades, f.restarts, f.poisoned);
	return count == 0;
}
