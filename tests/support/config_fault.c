/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/config_fault.h"

/* Several are counted at the end. */
static void
expected(const char *faults, struct buf *out)
{
	size_t count = 0;

	for (const char *c = faults; *c != '\0'; c++)
		count += *c == '\n';
	buf_append_text(out, faults);
	if (count > 1)
		buf_printf(out, "%zu faults\n", count);
	buf_append_byte(out, '\0');
}

void
config_fault_expect(const struct config_files *f, const struct bad *bad,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf faults = BUF(1024 * 1024);
		struct config *c = config_files_read(f, bad[i].text, &faults);
		struct buf whole = BUF(1024 * 1024);
		expected(bad[i].faults, &whole);
		if (c != NULL || strcmp(faults.at, whole.at) != 0)
			fail_msg("%s:\n%s--- instead of:\n%s", bad[i].name,
				 faults.at, whole.at);
		buf_release(&whole);
		buf_release(&faults);
	}
}
