/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The argument of BDAT: "chunk-size [LAST]" (RFC 3030 2). */
#ifndef SMTP_CHUNK_H
#define SMTP_CHUNK_H

#include "base/view.h"

enum chunk_fault {
	CHUNK_GOOD,
	CHUNK_BAD,              /* none of it can be read: a bad argument */
	CHUNK_HUGE              /* a number that no transfer reaches */
};

/* Both results are left untouched on a fault. */
enum chunk_fault chunk_parse(struct view argument, size_t *size_out,
			     bool *is_last_out);

#endif
