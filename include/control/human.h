/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times and sizes as people read them. */
#ifndef CONTROL_HUMAN_H
#define CONTROL_HUMAN_H

#include <stdint.h>

enum { HUMAN_SIZE = 32 };

/* "0:02:10" or, from a day on, "3d 04:05". Returns out. */
const char *human_span(int64_t us, char out[HUMAN_SIZE]);

/* 1024 bytes or more as K, M, G with one place. Returns out. */
const char *human_bytes(uint64_t bytes, char out[HUMAN_SIZE]);

/* From then to now in microseconds; 0 where either is nonsense. */
int64_t human_elapsed(int64_t then_us, int64_t now_us);

#endif
