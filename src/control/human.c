/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times and sizes as people read them. */
#include "control/human.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

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
	snprintf(out, HUMAN_SIZE, "%.1f%c", (double)bytes / (double)worth,
		 units[unit]);
	return out;
}

int64_t
human_elapsed(int64_t then_us, int64_t now_us)
{
	return then_us > 0 && then_us < now_us ? now_us - then_us : 0;
}
