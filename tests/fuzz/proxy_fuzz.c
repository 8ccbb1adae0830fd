/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROXY headers: whatever the bytes and wherever they are cut, the outcome
 * is the same, is never taken back, and is within the header's own octets. */
#include "net/proxy_protocol.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum proxy_result
parse(const uint8_t *data, size_t size, struct proxy_header *out)
{
	/* A copy of its own size: reads beyond it are seen. */
	char *copy = malloc(size > 0 ? size : 1);

	memcpy(copy, data, size);
	enum proxy_result r = proxy_parse((struct view){ copy, size }, out);
	free(copy);
	return r;
}

static void
check_complete(enum proxy_result r, const struct proxy_header *h, size_t size)
{
	assert(h->length >= 15 && h->length <= PROXY_HEADER_MAX);
	assert(h->length <= size);
	if (r != PROXY_CLIENT)
		return;
	assert(h->client.len == 4 || h->client.len == 16);
	assert(!h->client.is_local);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct proxy_header untouched = { .length = 12345 };
	struct proxy_header whole = untouched;
	enum proxy_result last = parse(data, size, &whole);
	/* Cuts are tried everywhere near the front, then with growing steps. */
	enum proxy_result before = PROXY_NEEDS_MORE;

	assert(last != PROXY_CLOSED);
	for (size_t cut = 0; cut < size; cut += 1 + cut / 256) {
		struct proxy_header h = untouched;
		enum proxy_result r = parse(data, cut, &h);
		assert(before == PROXY_NEEDS_MORE || r == before);
		before = r;
		if (r == PROXY_NEEDS_MORE || r == PROXY_BAD) {
			assert(memcmp(&h, &untouched, sizeof(h)) == 0);
			continue;
		}
		check_complete(r, &h, cut);
		assert(r == last && h.length == whole.length);
	}
	assert(before == PROXY_NEEDS_MORE || before == last);
	if (last != PROXY_NEEDS_MORE && last != PROXY_BAD)
		check_complete(last, &whole, size);
	else
		assert(whole.length == 12345);
	assert(last != PROXY_NEEDS_MORE || size < PROXY_HEADER_MAX);
	return 0;
}
