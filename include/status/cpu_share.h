/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the status process may take of the processor: enough to be asked by
 * everybody who should, and so little that no flood of requests holds up
 * mail. */
#ifndef STATUS_CPU_SHARE_H
#define STATUS_CPU_SHARE_H

#include <stdint.h>

struct cpu_share {
	int64_t now_us, cpu_us;         /* at the last look; 0, 0 before */
	int64_t left_us;                /* before it must rest; < 0: it must */
};

/* Takes what it has used by now (both clocks in microseconds) from its share.
 * Returns for how many milliseconds it must rest; 0: it need not. */
int cpu_share_rest_ms(struct cpu_share *s, int64_t now_us, int64_t cpu_us);

#endif
