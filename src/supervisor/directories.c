/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directories of our own. Only one that we made is given away: run_dir =
 * "/run" by mistake must not hand /run to nobody. */
#include "supervisor/directories.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
directory_make(const char *path, mode_t mode, const struct account *account,
	       struct buf *why)
{
	mode_t mask = umask(0);
	int made = mkdir(path, mode);
	int error = errno;
	umask(mask);
	if (made != 0 && error == EEXIST)
		return 0;
	if (made != 0) {
		buf_printf(why, "cannot make the directory %s: %s\n", path,
			   strerror(error));
		return -1;
	}
	/* lchown: whoever may write above it might have put a link here. */
	if (geteuid() == 0 && lchown(path, account->uid, account->gid) != 0) {
		buf_printf(why, "cannot give %s to %s: %s\n", path,
			   account->user, strerror(errno));
		return -1;
	}
	return 0;
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
	buf_printf(why, "%s cannot write in %s: %s (chown %s %s)\n",
		   account->user, path, strerror(errno), account->user, path);
	return -1;
}
