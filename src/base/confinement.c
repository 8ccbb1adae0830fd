/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/PID/status, of which each line is a name, a colon and a tab. */
#include "base/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_SIZE = 8192 };

static const char *
value_of(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at != NULL ? at + strlen(name) : "";
}

static uint64_t
number_of(const char *status, const char *name, int base)
{
	return strtoull(value_of(status, name), NULL, base);
}

int
confinement_read(int fd, struct confinement *out)
{
	char status[STATUS_SIZE];

	ssize_t n = pread(fd, status, sizeof(status) - 1, 0);
	if (n <= 0)
		return -1;
	status[n] = '\0';
	/* The real one, then the effective one. */
	const char *real = value_of(status, "\nUid:\t");
	const char *effective = strchr(real, '\t');
	if (effective == NULL) {
		errno = EPROTO;
		return -1;
	}
	*out = (struct confinement){
		.uid = (uid_t)strtoul(effective + 1, NULL, 10),
		.capabilities = number_of(status, "\nCapPrm:\t", 16),
		.has_no_new_privs =
			number_of(status, "\nNoNewPrivs:\t", 10) == 1,
		.seccomp = (int)number_of(status, "\nSeccomp:\t", 10),
		.filters = (int)number_of(status, "\nSeccomp_filters:\t", 10),
	};
	return 0;
}

int
confinement_of(pid_t pid, struct confinement *out)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int done = confinement_read(fd, out);
	close(fd);
	return done;
}
