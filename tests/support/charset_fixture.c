/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/charset_fixture.h"

#include "mime/gmime_text.h"

struct charsets *sets;

int
charset_fixture_open(void **unused)
{
	(void)unused;
	gmime_open();
	sets = charsets_new();
	return 0;
}

int
charset_fixture_close(void **unused)
{
	(void)unused;
	charsets_free(&sets);
	assert_null(sets);
	charsets_free(&sets);
	return 0;
}
