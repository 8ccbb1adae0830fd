/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the program's exit codes mean, to the shell and to init systems. */
#ifndef BASE_EXIT_CODE_H
#define BASE_EXIT_CODE_H

enum exit_code {
	EXIT_DONE = 0,
	EXIT_CONFIG = 1,                /* the configuration has a fault */
	EXIT_USAGE = 2,
	EXIT_START = 3,                 /* the service did not come up */
	EXIT_NOT_RUNNING = 4,           /* -s: there is no master */
	EXIT_REFUSED = 5,               /* -s: refused or failed */
	EXIT_DEGRADED = 6               /* -s status: runs, but not all well */
};

#endif
