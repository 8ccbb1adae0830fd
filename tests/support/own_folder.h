/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A temporary folder for one test program, and the path of the one file in
 * it that the program is about. */
#ifndef SUPPORT_OWN_FOLDER_H
#define SUPPORT_OWN_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/guerrilla-test-XXXXXX";
static char path[64];

/* -1 where it cannot be made. */
static inline int
own_folder_make(const char *file)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return 0;
}

/* For cmocka; fails where a test has left more than its file. */
static inline int
own_folder_remove(void **unused)
{
	(void)unused;
	unlink(path);
	return rmdir(folder);
}

#endif
