/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the running master is to be found, even where the configuration has
 * been broken since it started. */
#ifndef CONFIG_WHEREABOUTS_H
#define CONFIG_WHEREABOUTS_H

#include "base/arena.h"

struct whereabouts {
	const char *run_dir;
	const char *pid_file;
};

/* Looks for the two keys only, past whatever else is wrong. False with errno
 * where the file itself cannot be read. The texts live in the arena. */
bool whereabouts_find(const char *file, struct arena *arena,
		      struct whereabouts *out);

#endif
