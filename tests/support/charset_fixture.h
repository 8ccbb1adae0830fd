/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The charsets, open while a test program runs. */
#ifndef SUPPORT_CHARSET_FIXTURE_H
#define SUPPORT_CHARSET_FIXTURE_H

#include "mime/convert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct charsets *sets;

static inline int
charset_fixture_open(void **unused)
{
	(void)unused;
	sets = charsets_new();
	return 0;
}

/* Freeing twice is harmless. */
static inline int
charset_fixture_close(void **unused)
{
	(void)unused;
	charsets_free(&sets);
	assert_null(sets);
	charsets_free(&sets);
	return 0;
}

#endif
