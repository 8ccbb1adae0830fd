/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which descriptors a child keeps. */
#ifndef SUPERVISOR_DESCRIPTORS_H
#define SUPERVISOR_DESCRIPTORS_H

#include <stddef.h>

/* Closes every descriptor above 2 that is not in the list, which gets
 * sorted; negative ones in it are ignored. */
void descriptors_close_but(int *keep, size_t count);

#endif
