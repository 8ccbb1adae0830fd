/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into the service: its wall clock is off by the seconds that
 * stand in the file CLOCK_JUMP_FILE, an int64_t that a test may change at any
 * time. Mapped before the sandbox closes; the monotonic clock is left alone,
 * as a jump of the real clock leaves it. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *jump;

__attribute__((constructor)) static void
map_jump(void)
{
	const char *file = getenv("CLOCK_JUMP_FILE");
	int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*jump), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		jump = at;
}

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, out);

	if (rc == 0 && clock == CLOCK_REALTIME && jump != NULL)
		out->tv_sec += *jump;
	return rc;
}
