/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Configuration files in a directory of their own, for tests. */
#ifndef SUPPORT_CONFIG_FILES_H
#define SUPPORT_CONFIG_FILES_H

#include "config/config.h"

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct config_files {
	char directory[64];
};

void config_files_init(struct config_files *f);

const char *config_files_path(const struct config_files *f, const char *name,
			      char path[PATH_MAX]);

void config_files_put(const struct config_files *f, const char *name,
		      mode_t mode, const char *text);

/* For cmocka, whose state they are. */
int config_files_tear_down(void **state);

/* Reads main.conf with this text; faults get paths without the directory.
 * The caller frees both. */
struct config *config_files_read(const struct config_files *f, const char *text,
				 struct buf *faults);

#endif
