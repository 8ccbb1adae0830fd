/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of bad configurations and what is said about them. */
#ifndef SUPPORT_CONFIG_FAULT_H
#define SUPPORT_CONFIG_FAULT_H

#include "support/config_files.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What each file needs, so that only what is tested is wrong. */

#define D "domains = {\"example.com\"}\n"
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct bad {
	const char *name;
	const char *text;
	const char *faults; /* all of them, a line each */
};

void config_fault_expect(const struct config_files *f, const struct bad *bad,
			 size_t count);

#endif
