/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays that grow by one: full whenever their count is a power of two, so
 * that no capacity need be kept beside it. */
#include "config/list.h"

#include "base/memory.h"

#include <assert.h>
#include <stdint.h>

void *
list_grow(void *list, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return list;
	assert(count < SIZE_MAX / 2 / size);
	return memory_resize(list, (count > 0 ? count * 2 : 1) * size);
}
