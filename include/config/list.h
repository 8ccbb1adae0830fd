/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays that grow by one. */
#ifndef CONFIG_LIST_H
#define CONFIG_LIST_H

#include <stddef.h>

/* The list with room for one more item of size bytes; count is how many are
 * in it. Doubles, so each call is cheap. free() releases it. */
void *list_grow(void *list, size_t count, size_t size);

#endif
