/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where lines end up: a file, standard error or syslog, and with -v the
 * console as well. */
#ifndef LOGGER_TARGET_H
#define LOGGER_TARGET_H

#include "base/log.h"

struct target {
	const struct log_settings *settings;
	int file;                       /* -1: stderr or syslog */
	uint64_t lost;                  /* lines that could not be written */
};

/* file is the target where that is one, and becomes the target's; settings
 * must outlive it. */
void target_init(struct target *t, const struct log_settings *settings,
		 int file);

/* Writes lines as they were sent: the digit of the level, then the text with
 * LF. Waits for a target that is stuck; what cannot be written is counted. */
void target_write(struct target *t, const struct view *lines, size_t count);

/* Opens the file again under its name. -1 with errno, and the old one is
 * kept, where it cannot; 0 also where there is no file. */
int target_reopen(struct target *t);

#endif
