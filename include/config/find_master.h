/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the running master is to be found, even where the configuration has
 * been broken since it started. */
#ifndef CONFIG_FIND_MASTER_H
#define CONFIG_FIND_MASTER_H

#include "base/arena.h"

struct master_paths {
	const char *run_dir;
	const char *pid_file;
};

/* Looks for the two keys only, past whatever else is wrong. False with errno
 * where the file itself cannot be read. The texts live in the arena. */
bool find_master(const char *file, struct arena *arena,
		 struct master_paths *out);

#endif
