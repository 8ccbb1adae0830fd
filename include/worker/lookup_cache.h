/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of recipient_query, kept a while: a row for 60 s, no row for 5 s.
 * Bounded: a new answer may push an old one out. */
#ifndef WORKER_LOOKUP_CACHE_H
#define WORKER_LOOKUP_CACHE_H

#include "base/view.h"

#include <stdint.h>

struct lookup_cache;

struct lookup_cache *lookup_cache_new(void);
void lookup_cache_free(struct lookup_cache **c);

/* 1: there is a row; 0: none; -1: not known now. */
int lookup_cache_find(const struct lookup_cache *c, struct view key,
		      int64_t now_ms);
void lookup_cache_keep(struct lookup_cache *c, struct view key, bool is_row,
		       int64_t now_ms);

#endif
