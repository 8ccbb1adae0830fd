/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The masters that run on this machine, by their titles in /proc. A title can
 * be anyone's: it is only shown. */
#include "control/masters.h"

#include "base/pid_file.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_PID_FILE = 32 };

static const char title[] = "guerrilla-smtpd: master";

static bool
is_master(const char *pid)
{
	char path[64];
	char text[sizeof(title)] = "";

	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof(title) - 1);
	close(fd);
	return n == sizeof(title) - 1 && memcmp(text, title, (size_t)n) == 0;
}

/* Among what the process has open, the file whose lock it holds, into path;
 * false where it has none, or we may not look. */
static bool
find_pid_file(const char *pid, char path[PATH_MAX])
{
	char folder[64];
	struct stat st;
	bool is_found = false;

	snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
	DIR *d = opendir(folder);
	if (d == NULL)
		return false;
	for (struct dirent *e; !is_found && (e = readdir(d)) != NULL;) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, path,
				       PATH_MAX - 1);
		if (n <= 0 || path[0] != '/')
			continue;
		path[n] = '\0';
		/* Others are opened for nothing, and might be large. */
		is_found = stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
			   st.st_size < LONGEST_PID_FILE &&
			   pid_file_owner(path) == strtol(pid, NULL, 10);
	}
	closedir(d);
	return is_found;
}

size_t
masters_list(struct buf *out)
{
	char path[PATH_MAX];
	size_t count = 0;
	DIR *proc = opendir("/proc");

	if (proc == NULL)
		return 0;
	for (struct dirent *e; (e = readdir(proc)) != NULL;) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    !is_master(e->d_name))
			continue;
		count++;
		if (find_pid_file(e->d_name, path))
			buf_printf(out, "process %.20s is a master, with pid "
				   "file %s\n", e->d_name, path);
		else
			buf_printf(out, "process %.20s is a master\n",
				   e->d_name);
	}
	closedir(proc);
	return count;
}
