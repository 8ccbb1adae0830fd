/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time, from the vDSO: no system call a reading. */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* A test's; NULL: the real ones. */
static int64_t (*fake_monotonic)(void), (*fake_wall)(void);

void
clock_fake(int64_t (*monotonic_us)(void), int64_t (*wall_us)(void))
{
	fake_monotonic = monotonic_us;
	fake_wall = wall_us;
}

int64_t
clock_us(void)
{
	return fake_monotonic != NULL ? fake_monotonic()
				      : read_us(CLOCK_MONOTONIC);
}

int64_t
clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t
clock_wall_us(void)
{
	return fake_wall != NULL ? fake_wall() : read_us(CLOCK_REALTIME);
}

int64_t
clock_thread_cpu_us(void)
{
	return read_us(CLOCK_THREAD_CPUTIME_ID);
}
