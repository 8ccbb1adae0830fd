/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which host may be tried when: the circuit breaker. Pure, but for chance. */
#ifndef STORE_HOSTS_H
#define STORE_HOSTS_H

#include "store/settings.h"

struct host_state {
	int64_t may_try_ms;     /* monotonic; 0: at once */
	int64_t pause_ms;       /* after the next failure, twice that */
	int logged_error;       /* said once, until it changes */
};

struct hosts {
	struct host_state *at;
	size_t count;
	size_t first;           /* the one we like best */
	uint64_t chance;        /* of this process: no two pause alike */
};

void hosts_init(struct hosts *h, const struct store_settings *settings,
		uint64_t seed);
void hosts_deinit(struct hosts *h);

/* The k-th to be tried, from 0. */
size_t hosts_order(const struct hosts *h, size_t k);

bool hosts_is_due(const struct hosts *h, size_t host, int64_t now_ms);
void hosts_failed(struct hosts *h, size_t host, int64_t now_ms);
void hosts_worked(struct hosts *h, size_t host);

/* When the next of them may be tried. */
int64_t hosts_next_ms(const struct hosts *h);

/* Between half of ms and ms, by chance. */
int64_t hosts_jitter(struct hosts *h, int64_t ms);

#endif
