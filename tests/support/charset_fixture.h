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

extern struct charsets *sets;

int charset_fixture_open(void **unused);

/* Freeing twice is harmless. */
int charset_fixture_close(void **unused);

#endif
