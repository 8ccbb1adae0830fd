/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A header field's value: decoded it is one line of valid text that fits
 * three times its length; and the first address in it is a part of it. */
#include "mime/encoded_word.h"
#include "mime/mailbox.h"
#include "mime/mime_parameter.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(struct charsets *sets, enum charset hint, struct view value)
{
	size_t room = 3 * value.len;
	struct text text = { malloc(room + 1), 0, room, false };

	encoded_word_decode(sets, value, hint, &text);
	assert(!text.is_full);
	assert(utf8_is_valid((struct view){ text.at, text.len }));
	for (size_t i = 0; i < text.len; i++)
		assert((unsigned char)text.at[i] >= ' ' &&
		       text.at[i] != 0x7f);
	free(text.at);
}

static void
parse(struct view value)
{
	char *where = malloc(value.len + 1);
	bool has_domain = false;
	struct view rest = value, domain;
	size_t n = mailbox_first(value, where, &has_domain);

	assert(n <= value.len);
	while (mailbox_next_domain(&rest, &domain))
		assert(domain.len > 0);
	free(where);
	char found[64];
	struct text text = { found, 0, sizeof(found), false };
	if (mime_parameter_find(value, VIEW("boundary"), &text))
		assert(text.len <= sizeof(found));
	(void)mime_parameter_has(value, VIEW("name"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charsets *sets;

	if (size == 0)
		return 0;
	if (sets == NULL)
		sets = charsets_new();
	struct view value = { (const char *)data + 1, size - 1 };
	decode(sets, (enum charset)(data[0] % CHARSETS), value);
	parse(value);
	return 0;
}
