/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two hosts of one name, with different ports, are one here. */
#include "status/named_hosts.h"

#include "store/hosts.h"

#include <assert.h>

/* The last one, "other", where there is none of that name. */
static struct named_host *
find(struct named_host *hosts, size_t count, struct view name)
{
	size_t i = 0;

	assert(count > 0);
	while (i < count - 1 && !view_equal(hosts[i].name, name))
		i++;
	return &hosts[i];
}

size_t
named_hosts_read(const struct scoreboard *b, const struct store_settings *s,
		 struct named_host out[SERIES_HOSTS + 1])
{
	uint64_t failures[SERIES_VALUES];
	struct slot_figures f;
	size_t count = 1;

	scoreboard_read_series(b, SERIES_HOST_FAILURES, failures);
	out[0] = (struct named_host){ .name = VIEW("other"),
				      .failures = failures[SERIES_HOSTS] };
	for (size_t i = 0; i < s->host_count && i < SERIES_HOSTS; i++) {
		struct view name = view_slice(host_name(s, i), 0,
					      SLOT_HOST_SIZE - 1);
		struct named_host *h = find(out, count, name);
		if (h == &out[count - 1]) {
			out[count] = *h;
			*h = (struct named_host){ .name = name };
			count++;
		}
		h->failures += failures[i];
	}
	for (size_t i = 0; i < scoreboard_slots(b); i++)
		if (scoreboard_read(b, i, &f) && f.role == SLOT_WORKER &&
		    f.gauges[GAUGE_STORE_UP] != 0)
			find(out, count, view_of(f.host))->workers++;
	return count;
}
