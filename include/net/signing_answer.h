/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end that has the keys. */
#ifndef NET_SIGNING_ANSWER_H
#define NET_SIGNING_ANSWER_H

#include "net/signing.h"
#include "net/tls_context.h"

/* Turns a question that was received, of so many bytes, into its answer; c was
 * made with keys. False where it is no question: hang up. One that asks for
 * a signature may be answered in several threads at once. */
bool signing_answer(struct tls_context *c, struct signing_message *m,
		    size_t received);

#endif
