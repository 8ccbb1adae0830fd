/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/spool_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store_settings settings = {
	.batch_bytes = 1 << 20, .spool_max = 1 << 20
};

int
make_dir(void **state)
{
	static char path[64];

	(void)state;
	strcpy(path, "/tmp/spool-test-XXXXXX");
	settings.spool_dir = mkdtemp(path);
	settings.spool_max = 1 << 20;
	return settings.spool_dir != NULL ? 0 : -1;
}

int
remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", settings.spool_dir);
	return system(command);
}
