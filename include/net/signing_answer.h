/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end that has the keys. */
#ifndef NET_SIGNING_ANSWER_H
#define NET_SIGNING_ANSWER_H

#include "net/signing.h"
#include "net/tls_context.h"

/* What a thread that signs keeps for the next signature by the same key: to
 * make it takes as long as a signature of P-256. Begins as zeros. */
struct signing_state {
	struct evp_pkey_ctx_st *context;
	uint32_t key;
	int32_t padding;
};

/* Frees what it holds; it can be used again. */
void signing_state_free(struct signing_state *s);

/* Turns a question that was received, of so many bytes, into its answer; c was
 * made with keys, and state is the calling thread's. False where it is no
 * question: hang up. One that asks for a signature may be answered in several
 * threads at once. */
bool signing_answer(struct tls_context *c, struct signing_state *state,
		    struct signing_message *m, size_t received);

#endif
