/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An account in microseconds of time that passes: each of the processor costs
 * PART of them. Who rests for long may work for a while without a pause. */
#include "status/cpu_share.h"

#include <assert.h>

enum {
	PART = 32,                      /* one of so many */
	SAVED_US = 500000,              /* of the processor, at most */
	/* No one request, however dear, makes a balancer wait for more. */
	LONGEST_REST_US = 500000
};

int
cpu_share_rest_ms(struct cpu_share *s, int64_t now_us, int64_t cpu_us)
{
	static const int64_t most_us = (int64_t)PART * SAVED_US;

	/* Neither clock goes back. */
	assert(now_us >= s->now_us && cpu_us >= s->cpu_us);
	if (s->now_us == 0)
		s->left_us = most_us;
	else
		s->left_us += now_us - s->now_us - PART * (cpu_us - s->cpu_us);
	s->now_us = now_us;
	s->cpu_us = cpu_us;
	if (s->left_us > most_us)
		s->left_us = most_us;
	if (s->left_us < -LONGEST_REST_US)
		s->left_us = -LONGEST_REST_US;
	return s->left_us < 0 ? (int)((-s->left_us + 999) / 1000) : 0;
}
