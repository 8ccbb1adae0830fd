/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation that ends the process rather than fail, and the budget that
 * keeps clients from getting it that far. */
#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MASK = 0x55, SHORTEST_SECRET = 4 };

/* A sanitizer's shadow is larger and holds no secret. */
#define LARGEST_MAPPING (1ul << 26)

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

/* The sanitizers know nothing of memory that was freed. */
__attribute__((no_sanitize("address"))) static void
wipe_between(volatile char *at, const volatile char *end, const char *masked,
	     size_t len)
{
	for (; at + len <= end; at++) {
		size_t same = 0;
		while (same < len && (char)(at[same] ^ MASK) == masked[same])
			same++;
		for (size_t i = 0; same == len && i < len; i++)
			at[i] = 0;
	}
}

void
memory_wipe_copies(const char *secret, size_t len)
{
	char line[256];

	FILE *maps = len >= SHORTEST_SECRET ? fopen("/proc/self/maps", "re")
					    : NULL;
	if (maps == NULL)
		return;
	/* What is searched for must not be found here. */
	char *masked = memory_new(len, 1);
	for (size_t i = 0; i < len; i++)
		masked[i] = (char)(secret[i] ^ MASK);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, " rw-p ") != NULL) {
			char *rest;
			uintptr_t from = strtoul(line, &rest, 16);
			uintptr_t to = strtoul(rest + 1, NULL, 16);
			if (to - from < LARGEST_MAPPING)
				wipe_between((volatile char *)from,
					     (const volatile char *)to,
					     masked, len);
		}
	fclose(maps);
	free(masked);
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
