/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resource limits. One worker may come to hold all connections there are,
 * while the others are busy or dead, so each gets room for all. */
#include "supervisor/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { OWN_FILES = 64 };        /* queues, the database, the spool, ... */

int
limits_raise_files(const struct config *config, struct buf *why)
{
	const struct worker_settings *w = &config->worker;
	struct rlimit limit;

	size_t need = w->connections + w->net.listener_count + OWN_FILES;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		buf_printf(why, "cannot read the limit of open files: %s\n",
			   strerror(errno));
		return -1;
	}
	if (limit.rlim_cur >= need)
		return 0;
	rlim_t had = limit.rlim_max;
	if (limit.rlim_max < need)
		limit.rlim_max = need;
	limit.rlim_cur = need;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	buf_printf(why, "limits.connections = %zu needs %zu open files, but "
		   "at most %llu are allowed: raise LimitNOFILE= or ulimit "
		   "-n, or lower the key\n", w->connections, need,
		   (unsigned long long)had);
	return -1;
}

void
limits_file_size(size_t most)
{
	const struct rlimit limit = { most, most };

	setrlimit(RLIMIT_FSIZE, &limit);
}

void
limits_core(bool dumps_core)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		/* The hard limit stays: a reload may want it again. */
		limit.rlim_cur = dumps_core ? limit.rlim_max : 0;
		setrlimit(RLIMIT_CORE, &limit);
	}
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, dumps_core ? 1 : 0, 0, 0, 0);
#endif
}
