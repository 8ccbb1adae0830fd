/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A temporary folder for one test program, and the path of the one file in
 * it that the program is about. */
#ifndef SUPPORT_OWN_FOLDER_H
#define SUPPORT_OWN_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char folder[];
extern char path[64];

/* -1 where it cannot be made. */
int own_folder_make(const char *file);

/* For cmocka; fails where a test has left more than its file. */
int own_folder_remove(void **unused);

#endif
