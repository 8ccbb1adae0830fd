/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/status_service.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

static struct store_host hosts[] = { { "db1.example.org", 3306 },
				     { "db2.example.org", 3306 },
				     { "db1.example.org", 3307 } };
static const struct store_settings store = { .hosts = hosts,
					     .host_count = 3 };
const struct status_duty service_duty = {
	.hostname = "mx.example.org",
	.store = &store,
	.watchdog_ms = SERVICE_WATCHDOG_MS,
	.connections = 500,
};

struct scoreboard *
service_new(size_t workers)
{
	int fd;
	struct scoreboard *b = scoreboard_create(&fd);

	assert(b != NULL);
	close(fd);
	for (size_t i = 0; i <= workers; i++) {
		const struct slot_tenant tenant = {
			.role = i == 0 ? SLOT_MASTER : SLOT_WORKER,
			.role_name = i == 0 ? "master" : "worker",
			.pid = 100 + (pid_t)i,
			.number = (int)i,
		};
		struct scoreboard_slot *s = scoreboard_slot_at(b, i);
		scoreboard_occupy(b, i, &tenant);
		slot_set_state(s, SLOT_READY);
		slot_beat(s, SLOT_LOOP);
		slot_gauge(s, GAUGE_STORE_UP, i > 0);
	}
	return b;
}

size_t
times(const struct buf *text, const char *what)
{
	struct view rest = buf_view(text);
	size_t len = strlen(what), count = 0;

	for (; rest.len >= len; rest = view_slice(rest, 1, rest.len))
		count += memcmp(rest.at, what, len) == 0;
	return count;
}
