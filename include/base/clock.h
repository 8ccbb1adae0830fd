/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time. Deadlines use the monotonic clock; ids and dates the wall clock.
 * Both can be replaced by a test. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);                 /* monotonic milliseconds */
int64_t clock_us(void);                 /* monotonic microseconds */
int64_t clock_wall_us(void);            /* microseconds since 1970, UTC */
int64_t clock_thread_cpu_us(void);      /* CPU time of the calling thread */

/* For tests: from now on the two clocks give these microseconds (NULL: the
 * real ones again). */
void clock_fake(int64_t (*monotonic_us)(void), int64_t (*wall_us)(void));

#endif
