/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Address fields, as GMime gets them: what is found is a part of the value,
 * and what has a domain names somebody. */
#include "mime/gmime_text.h"
#include "mime/mailbox.h"

#include <assert.h>
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
	size_t n = mailbox_first(value, where, &has_domain);
	assert(n <= size);
	assert(!has_domain || (n > 2 && memchr(where, '@', n) != NULL));
	if (mailbox_has_domain(value, is_odd, &seen))
		assert(mailbox_names_any(value));
	assert(!mailbox_has_domain(value, is_none, NULL));
	free(where);
	return 0;
}
