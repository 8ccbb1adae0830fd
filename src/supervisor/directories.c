/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directories of our own. Only one that we made is given away: run_dir =
 * "/run" by mistake must not hand /run to nobody. */
#include "supervisor/directories.h"

#include "base/pid_file.h"
#include "supervisor/root_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wanted {
	const char *path;
	mode_t mode;
};

static int
open_itself(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A descriptor of the directory that was just made; -1 with a sentence, empty
 * where one is there already. */
static int
make(const void *what, char *why, size_t size)
{
	const struct wanted *wanted = what;

	why[0] = '\0';
	mode_t mask = umask(0);
	int made = mkdir(wanted->path, wanted->mode);
	int error = errno;
	umask(mask);
	int fd = made == 0 ? open_itself(wanted->path) : -1;
	if (fd < 0 && (made == 0 || error != EEXIST))
		snprintf(why, size, "cannot make the directory %s: %s",
			 wanted->path, strerror(made == 0 ? errno : error));
	return fd;
}

int
directory_make(const char *path, mode_t mode, const struct account *account,
	       struct buf *why)
{
	const struct wanted wanted = { path, mode };
	bool is_root = geteuid() == 0 && account->uid != 0;
	char reason[ROOT_OPEN_WHY];

	bool is_proven = is_root && root_owns_folder_of(path);
	int fd = is_root && !is_proven
		? as_account(account, make, &wanted, reason)
		: make(&wanted, reason, sizeof(reason));
	if (fd < 0 && reason[0] == '\0')
		return 0;
	if (fd >= 0 && is_proven &&
	    fchown(fd, account->uid, account->gid) != 0) {
		snprintf(reason, sizeof(reason), "cannot give %s to %s: %s",
			 path, account->user, strerror(errno));
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		buf_printf(why, "%s\n", reason);
		return -1;
	}
	close(fd);
	return 0;
}

static bool
holds_only_ours(const char *path)
{
	static const char ours[] = "/./../pid/control/scoreboard/"
				   "scoreboard.new/";
	const struct dirent *entry;
	char name[NAME_MAX + 3];
	DIR *directory = opendir(path);
	bool is_fine = directory != NULL;

	while (is_fine && (entry = readdir(directory)) != NULL) {
		snprintf(name, sizeof(name), "/%s/", entry->d_name);
		is_fine = strstr(ours, name) != NULL;
	}
	if (directory != NULL)
		closedir(directory);
	return is_fine;
}

int
directory_open_run_dir(const struct config *config,
		       const struct account *account)
{
	const char *path = config->run_dir;
	struct stat st;

	if (geteuid() != 0 || !root_owns_folder_of(path))
		return -1;
	int fd = open_itself(path);
	if (fd < 0 || (fstat(fd, &st) == 0 && (st.st_uid == account->uid ||
					       st.st_uid == 0)))
		return fd;
	if (holds_only_ours(path) && pid_file_owner(config->pid_file) == 0 &&
	    fchown(fd, account->uid, account->gid) == 0)
		return fd;
	close(fd);
	return -1;
}

int
directory_check(const char *path, const struct account *account,
		struct buf *why)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	else if (access(path, R_OK | W_OK | X_OK) == 0)
		return 0;
	buf_printf(why, "%s cannot write in %s: %s (chown -R %s %s)\n",
		   account->user, path, strerror(errno), account->user, path);
	return -1;
}
