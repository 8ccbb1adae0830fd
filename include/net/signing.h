/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process that serves TLS asks the one that has the keys: a datagram
 * each way, over a pair of sockets (SOCK_SEQPACKET) that nobody else has. */
#ifndef NET_SIGNING_H
#define NET_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum signing_request {
	SIGNING_SIGN,           /* by a certificate's key */
	SIGNING_TICKET_KEYS     /* those of now: see net/ticket_keys.h */
};

enum { SIGNING_MOST = 2048 };   /* bytes: an RSA key of 16384 bits */

struct signing_message {
	uint64_t number;        /* of a question, and of its answer */
	uint32_t request;
	uint32_t key;           /* which certificate of the settings */
	int32_t padding;        /* of RSA, as OpenSSL counts them */
	uint32_t len;           /* of bytes; none in an answer: refused */
	unsigned char bytes[SIGNING_MOST];
};

/* How many bytes one is on the wire; len must be within SIGNING_MOST. */
size_t signing_size(const struct signing_message *m);

struct signing_client {
	int fd;
	uint64_t number;        /* of the last question */
	bool is_away;           /* the last one was not answered */
	int64_t asked_ms;       /* when, by clock_ms() */
};

/* fd: the asking end, which stays the caller's. */
void signing_client_init(struct signing_client *c, int fd);

/* Asks, with a number that it fills in, and waits for the answer, which takes
 * as long as a signature; a second at most where the signer was killed, whose
 * successor finds the question again; and not at all until that one answers.
 * False without an answer. By one thread. */
bool signing_ask(struct signing_client *c, struct signing_message *question,
		 struct signing_message *answer);

/* Whether nobody answers just now. No longer a second after the last question,
 * so that another is asked. */
bool signing_is_away(const struct signing_client *c);

#endif
