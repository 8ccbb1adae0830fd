/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One input of a fuzzer as a whole session, with the invariants that hold
 * after each byte, and what came of it as text: it must be the same however
 * the input is cut. */
#ifndef SUPPORT_SMTP_REPLAY_H
#define SUPPORT_SMTP_REPLAY_H

#include "smtp/session_state.h"
#include "support/smtp_fixture.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Kept in release builds, and by every compiler. */

#define MUST(condition)                                                        \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
				#condition);                                   \
			abort();                                               \
		}                                                              \
	} while (0)

struct replay {
	struct smtp_fixture f;
	struct session *s;
	struct buf out;
	struct buf seen;  /* replies, messages */
	uint32_t answers; /* bits that decide what the world answers */
};

/* Whole, byte by byte, and in blocks of a size that the input chooses. */
int replay_compare(const uint8_t *data, size_t size, const char *opening);

#endif
