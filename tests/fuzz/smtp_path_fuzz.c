/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses: what is taken is within its limits, is made of its parts, and
 * reads the same again when it is written out. */
#include "smtp/path.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_signs(struct view mailbox)
{
	assert(utf8_is_valid(mailbox));
	for (size_t i = 0; i < mailbox.len; i++) {
		unsigned char c = (unsigned char)mailbox.at[i];
		assert(c >= ' ' && c != 0x7f);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	struct path p, again;
	char text[256];

	size_t len = path_parse(v, &p);
	if (len == 0)
		return 0;
	assert(len <= 256 && len <= size);
	assert(v.at[0] == '<' && v.at[len - 1] == '>');
	if (p.is_null)
		return 0;
	check_signs(p.mailbox);
	assert(p.local.len > 0 && p.local.len <= 64 && p.domain.len <= 255);
	assert(p.mailbox.len == p.local.len +
	       (p.domain.len > 0 ? 1 + p.domain.len : 0));
	text[0] = '<';
	memcpy(text + 1, p.mailbox.at, p.mailbox.len);
	text[1 + p.mailbox.len] = '>';
	struct view written = { text, p.mailbox.len + 2 };
	assert(path_parse(written, &again) == written.len);
	assert(view_equal(again.local, p.local));
	assert(view_equal(again.domain, p.domain));
	return 0;
}
