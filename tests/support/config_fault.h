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
	const char *faults;             /* all of them, a line each */
};

static inline void
config_fault_expect(const struct config_files *f, const struct bad *bad,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf faults = BUF(1024 * 1024);
		struct config *c = config_files_read(f, bad[i].text, &faults);
		if (c != NULL || strcmp(faults.at, bad[i].faults) != 0)
			fail_msg("%s:\n%s--- instead of:\n%s", bad[i].name,
				 faults.at, bad[i].faults);
		buf_release(&faults);
	}
}

#endif
