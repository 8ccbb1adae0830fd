/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/own_folder.h"

char folder[] = "/tmp/guerrilla-test-XXXXXX";
char path[64];

int
own_folder_make(const char *file)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return 0;
}

int
own_folder_remove(void **unused)
{
	(void)unused;
	unlink(path);
	return rmdir(folder);
}
