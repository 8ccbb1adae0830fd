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

/* A line as it was sent: the digit of its level, then the text with LF. */
void target_init(struct target *t, const struct log_settings *settings,
		 int file);
void target_write(struct target *t, const struct view *lines, size_t count);

/* Opens the file again under its name. -1 with errno, and the old one is
 * kept, where it cannot; 0 also where there is no file. */
int target_reopen(struct target *t);

#endif
