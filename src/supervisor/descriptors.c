/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child names what it needs and loses the rest, so that nothing of another
 * child can leak into it, whoever opened it. */
#include "supervisor/descriptors.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

enum { FALLBACK_LIMIT = 65536 };

static int
by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void
close_from_to(unsigned first, unsigned last)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	long most = sysconf(_SC_OPEN_MAX);
	unsigned end = most > 0 && most < FALLBACK_LIMIT ? (unsigned)most
							 : FALLBACK_LIMIT;
	for (unsigned fd = first; fd <= last && fd < end; fd++)
		close((int)fd);
}

void
descriptors_close_but(int *keep, size_t count)
{
	unsigned next = STDERR_FILENO + 1;

	qsort(keep, count, sizeof(*keep), by_number);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < (int)next)
			continue;
		if ((unsigned)keep[i] > next)
			close_from_to(next, (unsigned)keep[i] - 1);
		next = (unsigned)keep[i] + 1;
	}
	close_from_to(next, UINT_MAX);
}
