/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation that does not fail: a process that cannot get memory ends at
 * once, its supervisor starts another and the sender comes back. What a
 * client can make grow is bounded before, by a struct budget. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory for count items of size bytes; free() releases it. */
void *memory_new(size_t count, size_t size);

/* As realloc; size is not 0. The new part is not zeroed. */
void *memory_resize(void *old, size_t size);

/* An array with room for one more item of size bytes; count is how many are
 * in it. Doubles when count is a power of two, so that no capacity need be
 * kept beside it. */
void *memory_grow(void *array, size_t count, size_t size);

/* A NUL-terminated copy; free() releases it. */
char *memory_copy_text(const char *text);

/* Overwrites every copy of these bytes in the memory that this process alone
 * writes: heap, also what was freed, stack, data. Costs a reading of all of
 * it. Fewer than 4 bytes are left alone: they stand anywhere by chance. With
 * one thread only. */
void memory_wipe_copies(const char *secret, size_t len);

/* Exit code of a process that ran out of memory. */
enum { MEMORY_EXIT = 71 };

/* Says so on stderr and ends the process. */
_Noreturn void memory_exhausted(void);

/* What may be used by one worker in all, in bytes. Not shared by threads. */
struct budget {
	size_t used;
	size_t limit;
};

/* Charges n bytes; false, and nothing charged, where that would go beyond
 * the limit. A NULL budget takes everything. */
bool budget_take(struct budget *b, size_t n);
void budget_give(struct budget *b, size_t n);

/* Whether three quarters are used: time to stop taking more in. */
bool budget_is_tight(const struct budget *b);

#endif
