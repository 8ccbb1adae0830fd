/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation that ends the process rather than fail, and the budget that
 * keeps clients from getting it that far. */
#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void
memory_exhausted(void)
{
	static const char last_words[] = "guerrilla-smtpd: out of memory\n";

	/* Nothing that allocates: stderr by its number, and out. */
	ssize_t ignored = write(STDERR_FILENO, last_words,
				sizeof(last_words) - 1);
	(void)ignored;
	_exit(MEMORY_EXIT);
}

void *
memory_new(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (p == NULL)
		memory_exhausted();
	return p;
}

void *
memory_resize(void *old, size_t size)
{
	assert(size > 0);
	void *p = realloc(old, size);
	if (p == NULL)
		memory_exhausted();
	return p;
}

void *
memory_grow(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return array;
	assert(count < SIZE_MAX / 2 / size);
	return memory_resize(array, (count > 0 ? count * 2 : 1) * size);
}

char *
memory_copy_text(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		memory_exhausted();
	return copy;
}

bool
budget_take(struct budget *b, size_t n)
{
	if (b == NULL)
		return true;
	if (b->used > b->limit || n > b->limit - b->used)
		return false;
	b->used += n;
	return true;
}

void
budget_give(struct budget *b, size_t n)
{
	if (b == NULL)
		return;
	assert(n <= b->used);
	b->used -= n;
}

bool
budget_is_tight(const struct budget *b)
{
	return b->used >= b->limit / 4 * 3;
}
