/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A spool file in memory, for the unit test and the fuzzer. */
#ifndef SUPPORT_SPOOL_BYTES_H
#define SUPPORT_SPOOL_BYTES_H

#include "base/memory.h"
#include "store/spool_encode.h"

#include <stdio.h>
#include <string.h>

struct spool_bytes {
	char *at; /* to be freed by the caller */
	size_t len;
	size_t line_at;
};

int spool_bytes_add(void *context, struct view bytes);

struct spool_bytes spool_bytes_of(struct mail *const *mails, size_t count);

#endif
