/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/config_fault.h"

void
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
