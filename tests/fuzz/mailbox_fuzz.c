/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Address fields, as GMime gets them: what is found is a part of the value,
 * and what has a domain names somebody. */
#include "mime/gmime_text.h"
#include "mime/mailbox.h"

#include <assert.h>
#include <gmime/gmime.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_odd(void *context, struct view domain)
{
	size_t *seen = context;

	assert(domain.len > 0);
	return (++*seen & 1) != 0 || view_equal(domain, VIEW("ours.example"));
}

/* What needs no reader is read by one in the same way. */
static void
compare_plain(struct view value)
{
	struct view plain = mailbox_plain(value);
	char copy[MAILBOX_MOST + 1];

	if (plain.len == 0 || value.len > MAILBOX_MOST)
		return;
	memcpy(copy, value.at, value.len);
	copy[value.len] = '\0';
	InternetAddressList *list = internet_address_list_parse(NULL, copy);
	assert(list != NULL && internet_address_list_length(list) == 1);
	const char *address = internet_address_mailbox_get_addr(
		INTERNET_ADDRESS_MAILBOX(
			internet_address_list_get_address(list, 0)));
	assert(view_equal(view_of(address), plain));
	g_object_unref(list);
}

static bool
is_none(void *context, struct view domain)
{
	(void)context, (void)domain;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view value = { (const char *)data, size };
	char *where = malloc(size + 1);
	bool has_domain = false;
	size_t seen = 0;

	gmime_open();
	compare_plain(value);
	size_t n = mailbox_first(value, where, &has_domain);
	assert(n <= size);
	assert(!has_domain || (n > 2 && memchr(where, '@', n) != NULL));
	if (mailbox_has_domain(value, is_odd, &seen))
		assert(mailbox_names_any(value));
	assert(!mailbox_has_domain(value, is_none, NULL));
	free(where);
	return 0;
}
