/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts that name a place: addresses, ranges, listeners and domain names.
 * What is accepted must survive being printed and read again. */
#include "net/domain_name.h"
#include "net/listen.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_address(struct view text)
{
	struct address a, again;
	char printed[ADDRESS_TEXT_SIZE], twice[ADDRESS_TEXT_SIZE];

	if (!address_parse(text, &a))
		return;
	assert(a.len == 4 || a.len == 16);
	address_print(&a, printed);
	assert(address_parse(view_of(printed), &again));
	assert(again.len == a.len);
	assert(memcmp(again.bytes, a.bytes, a.len) == 0);
	assert(address_limit_key(&a) == address_limit_key(&again));
	address_print(&again, twice);
	assert(strcmp(printed, twice) == 0);
}

static void
try_range(struct view text)
{
	struct address_range r;
	struct address_ranges one = { &r, 1 };

	if (!address_parse_range(text, &r))
		return;
	assert(r.prefix_bits <= r.base.len * 8u);
	assert(address_in_ranges(&r.base, one));
	struct address last = r.base;
	for (unsigned bit = r.prefix_bits; bit < r.base.len * 8u; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	assert(address_in_ranges(&last, one));
	if (r.prefix_bits == 0)
		return;
	unsigned edge = r.prefix_bits - 1;
	last.bytes[edge / 8] ^= (uint8_t)(0x80 >> (edge % 8));
	assert(!address_in_ranges(&last, one));
}

static void
try_listener(struct view text)
{
	struct listen_name n;
	const char *why = NULL;

	if (!listen_parse(text, &n, &why)) {
		assert(why != NULL);
		return;
	}
	assert(why == NULL && listen_is_same(&n, &n));
	assert(n.kind == LISTEN_INET ? n.address.port > 0 : n.rest.len > 0);
}

static void
try_domain(struct view text)
{
	char name[DOMAIN_NAME_SIZE], again[DOMAIN_NAME_SIZE];
	size_t len = domain_name_to_ascii(text, name, sizeof(name));

	if (len == 0)
		return;
	assert(len == strlen(name) && len < sizeof(name));
	assert(name[0] == '[' || len <= 253);
	for (size_t i = 0; i < len; i++) {
		assert(name[i] > ' ' && name[i] <= '~');
		assert(name[i] < 'A' || name[i] > 'Z');
		assert(name[0] == '[' || strchr("abcdefghijklmnopqrstuvwxyz"
					       "0123456789-.", name[i]));
	}
	assert(domain_name_to_ascii(view_of(name), again, sizeof(again)) ==
	       len);
	assert(strcmp(name, again) == 0);
	assert(domain_name_to_ascii(text, again, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	memcpy(copy, data, size);
	struct view text = { copy, size };
	try_address(text);
	try_range(text);
	try_listener(text);
	try_domain(text);
	free(copy);
	return 0;
}
