/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When certificates end. A forgotten one is found out by those who wait for
 * mail, so it is said early and again. */
#include "supervisor/certificate_expiry.h"

#include "base/clock.h"
#include "base/log.h"

enum {
	DAY_SECONDS = 24 * 3600,
	WARN_DAYS = 14,
	EVERY_MS = DAY_SECONDS * 1000
};

static void
warn(const char *file, int64_t left)
{
	if (left <= 0)
		log_warn("a certificate has expired: renew it and reload",
			 LOG_STR("file", file),
			 LOG_NUM("days_ago", -left / DAY_SECONDS));
	else if (left < (int64_t)WARN_DAYS * DAY_SECONDS)
		log_warn("a certificate expires soon: renew it and reload",
			 LOG_STR("file", file),
			 LOG_NUM("days_left", left / DAY_SECONDS));
}

void
certificate_expiry_tick(struct master *m)
{
	bool is_new = m->expiry_generation != m->now.number;
	const char *file;
	int64_t end = 0;

	if (!is_new && clock_ms() < m->next_expiry_ms)
		return;
	m->expiry_generation = m->now.number;
	m->next_expiry_ms = clock_ms() + EVERY_MS;
	if (m->now.tls != NULL) {
		end = tls_context_expiry(m->now.tls, &file);
		warn(file, end - clock_wall_us() / 1000000);
	}
	slot_gauge(scoreboard_slot_at(m->scoreboard, 0), GAUGE_CERTIFICATE_END,
		   end > 0 ? (uint64_t)end : 0);
}
