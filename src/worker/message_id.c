/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ids of messages, RFC 9562 5.7. Random bits come from the kernel in a
 * block of our own, so that an id costs no system call. */
#include "worker/message_id.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum { RANDOM_BYTES = 6, BLOCK = 252 };

/* Filled when first used, which is in the worker and never in the master: no
 * two processes share these bytes. */
struct random_block {
	unsigned char bytes[BLOCK];
	size_t left;
};

static _Thread_local struct random_block block;

static void
take_random(unsigned char out[RANDOM_BYTES])
{
	if (block.left == 0) {
		/* Up to 256 bytes it neither fails nor stops half-way once
		 * the kernel's pool is ready, random(7). */
		while (getrandom(block.bytes, BLOCK, 0) != BLOCK)
			assert(errno == EINTR);
		block.left = BLOCK;
	}
	block.left -= RANDOM_BYTES;
	memcpy(out, block.bytes + block.left, RANDOM_BYTES);
}

void
message_id_make(int64_t wall_us, char id[MAIL_ID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	uint64_t ms = (uint64_t)wall_us / 1000;
	unsigned fraction = (unsigned)(wall_us % 1000) * 4096 / 1000;
	unsigned char octets[MAIL_ID_LEN / 2] = { 0 };

	for (int i = 0; i < 6; i++)
		octets[i] = (unsigned char)(ms >> (40 - 8 * i));
	octets[6] = (unsigned char)(0x70 | fraction >> 8);
	octets[7] = (unsigned char)fraction;
	take_random(octets + 8);
	octets[8] = (unsigned char)(0x80 | (octets[8] & 0x3f));
	for (size_t i = 0; i < sizeof(octets); i++) {
		id[2 * i] = hex[octets[i] >> 4];
		id[2 * i + 1] = hex[octets[i] & 15];
	}
	id[MAIL_ID_LEN] = '\0';
}
