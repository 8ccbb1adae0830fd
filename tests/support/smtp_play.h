/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One replay of a dialogue: the world around the session, which remembers
 * what it is handed and answers as it was told. */
#ifndef SUPPORT_SMTP_PLAY_H
#define SUPPORT_SMTP_PLAY_H

#include "smtp/session.h"
#include "support/smtp_dialogue.h"
#include "support/smtp_fixture.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST_TEXT = 1 << 20 };

extern const char message_id[];

/* One replay. cut: SIZE_MAX whole, 0 byte by byte, else where to cut. */
struct play {
	const struct dialogue *d;
	size_t step;
	size_t cut;
	struct smtp_fixture f;
	struct session *s;
	struct buf out;
	struct buf said; /* flushed, not yet expected by an S: */
	struct buf body;
	struct buf envelope;
	struct buf addresses;
	struct buf protocol;
	struct buf client; /* its address */
	struct buf expected_body;
	struct buf offers;
	enum verdict verdict;
	enum recipient_answer answer;
	bool domains_come_late;
};

_Noreturn void play_fault(const struct play *p, const char *what,
			  struct view got);

/* ---- The world around the session -------------------------------------- */

void play_flush(struct play *p);

void play_client_sends(struct play *p, struct view bytes);

/* ---- Settings ---------------------------------------------------------- */

bool play_one_of(const char *value, const char *const *names, size_t *which);

bool play_set(struct play *p, const char *key, const char *value);

#endif
