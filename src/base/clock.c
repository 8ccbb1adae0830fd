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

static int64_t
real_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

static int64_t
real_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

static int64_t (*monotonic)(void) = real_monotonic_us;
static int64_t (*wall)(void) = real_wall_us;

void
clock_fake(int64_t (*monotonic_us)(void), int64_t (*wall_us)(void))
{
	monotonic = monotonic_us != NULL ? monotonic_us : real_monotonic_us;
	wall = wall_us != NULL ? wall_us : real_wall_us;
}

int64_t
clock_us(void)
{
	return monotonic();
}

int64_t
clock_ms(void)
{
	return monotonic() / 1000;
}

int64_t
clock_wall_us(void)
{
	return wall();
}

int64_t
clock_thread_cpu_us(void)
{
	return read_us(CLOCK_THREAD_CPUTIME_ID);
}
