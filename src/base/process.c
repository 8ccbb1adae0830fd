/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Linux and glibc keep for a process: its descriptors, its title, the
 * resolver's options and libraries, and /proc/PID/status. */
#include "base/process.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { LINE_SIZE = 512, STATUS_SIZE = 8192 };

/* Where titles go: Linux shows what lies in the memory where the arguments
 * and the environment were put at the start. */
static char *title;
static size_t title_size;

void
close_keeping_errno(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

void
fill_standard_descriptors(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = dup(fd);
	if (fd >= 0)
		close(fd);
}

static char **
copy_list(char *const *list)
{
	size_t count = 0;

	while (list[count] != NULL)
		count++;
	char **copy = memory_new(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = memory_copy_text(list[i]);
	return copy;
}

char **
title_prepare(int argc, char **argv)
{
	char **arguments = copy_list(argv);

	if (argc < 1)
		return arguments;
	/* As far as each string follows the one before without a gap. */
	char *end = argv[0];
	char **const lists[] = { argv, environ };
	for (size_t i = 0; i < 2; i++)
		for (char **at = lists[i]; *at != NULL; at++)
			if (*at == end)
				end += strlen(end) + 1;
	environ = copy_list(environ);
	title = argv[0];
	title_size = (size_t)(end - argv[0]);
	return arguments;
}

void
title_set(const char *format, ...)
{
	char text[128];
	va_list args;

	if (title_size == 0)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memset(title, 0, title_size);
	snprintf(title, title_size, "guerrilla-smtpd: %s", text);
	/* The short name too: after an upgrade it would be a descriptor's
	 * number. */
	prctl(PR_SET_NAME, "guerrilla-smtpd");
}

/* glibc reads its options from the environment, and loads each service of
 * the line "hosts:" in nsswitch.conf(5) when it is first asked. */
void
resolver_prepare(void)
{
	const char *had = getenv("RES_OPTIONS");
	char text[LINE_SIZE], file[LINE_SIZE + 16], *rest;

	if (had == NULL || strstr(had, "use-vc") == NULL) {
		snprintf(text, sizeof(text), "%s use-vc",
			 had != NULL ? had : "");
		setenv("RES_OPTIONS", text, 1);
	}
	FILE *f = fopen("/etc/nsswitch.conf", "re");
	if (f == NULL)
		return;
	while (fgets(text, sizeof(text), f) != NULL) {
		if (strncmp(text, "hosts:", 6) != 0)
			continue;
		for (char *name = strtok_r(text + 6, " \t\n", &rest);
		     name != NULL; name = strtok_r(NULL, " \t\n", &rest)) {
			/* Conditions, in brackets, name no library. One that
			 * is not there is none of our trouble. */
			if (strpbrk(name, "[/") != NULL)
				continue;
			snprintf(file, sizeof(file), "libnss_%s.so.2", name);
			(void)dlopen(file, RTLD_NOW | RTLD_NODELETE);
		}
	}
	fclose(f);
}

/* What stands behind a line's name. */
static const char *
value_of(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at != NULL ? at + strlen(name) : "";
}

static int
number_of(const char *status, const char *name)
{
	return (int)strtol(value_of(status, name), NULL, 10);
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
	const char *effective = strchr(value_of(status, "\nUid:\t"), '\t');
	if (effective == NULL) {
		errno = EPROTO;
		return -1;
	}
	*out = (struct confinement){
		.uid = (uid_t)strtoul(effective + 1, NULL, 10),
		.capabilities =
			strtoull(value_of(status, "\nCapPrm:\t"), NULL, 16),
		.has_no_new_privs = number_of(status, "\nNoNewPrivs:\t"),
		.seccomp = number_of(status, "\nSeccomp:\t"),
		.filters = number_of(status, "\nSeccomp_filters:\t"),
	};
	return 0;
}

/* A file of /proc/PID. */
static int
open_of(pid_t pid, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int
confinement_of(pid_t pid, struct confinement *out)
{
	int fd = open_of(pid, "status");

	if (fd < 0)
		return -1;
	int done = confinement_read(fd, out);
	close(fd);
	return done;
}

/* proc_pid_stat(5): the name stands in brackets, and may have some itself;
 * fields 14, 15 and 24 are wanted, the one behind the bracket is the third. */
int
process_usage(pid_t pid, struct process_usage *out)
{
	char stat[STATUS_SIZE];
	uint64_t fields[25] = { 0 };
	int fd = open_of(pid, "stat");

	if (fd < 0)
		return -1;
	ssize_t n = read(fd, stat, sizeof(stat) - 1);
	close_keeping_errno(fd);
	if (n < 0)
		return -1;
	stat[n] = '\0';
	char *at = strrchr(stat, ')');
	for (int i = 3; at != NULL && i < 25; i++) {
		at = strchr(at + 1, ' ');
		fields[i] = at != NULL ? strtoull(at + 1, NULL, 10) : 0;
	}
	if (at == NULL) {
		errno = EPROTO;
		return -1;
	}
	out->cpu_us = (int64_t)(fields[14] + fields[15]) * 1000000 /
		      sysconf(_SC_CLK_TCK);
	out->resident_bytes = fields[24] * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}
