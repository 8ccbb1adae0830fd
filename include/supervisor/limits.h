/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel allows this process and its children. */
#ifndef SUPERVISOR_LIMITS_H
#define SUPERVISOR_LIMITS_H

#include "config/config.h"

/* Makes sure that one worker may open all the descriptors its configuration
 * can need: raises RLIMIT_NOFILE. -1 with the reason, and what helps, in
 * why. */
int limits_raise_files(const struct config *config, struct buf *why);

/* No file that this process writes may grow beyond so many bytes (EFBIG), for
 * ever. */
void limits_file_size(size_t most);

/* Whether a crash may leave a core file, here and in children. */
void limits_core(bool dumps_core);

#endif
