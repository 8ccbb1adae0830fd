/* SPDX-License-Identifier: GPL-3.0-or-later */
/* -t: would the service start and reload with this configuration? */
#ifndef SUPERVISOR_CONFIG_TEST_H
#define SUPERVISOR_CONFIG_TEST_H

#include "base/exit_code.h"
#include "config/config.h"

/* Reads the file, as root also as `user`, and prints what is wrong with it to
 * stderr, or that it is good to stdout. with_database: also connects, and
 * tries the folders that `user` writes in. EXIT_DONE or EXIT_CONFIG. */
enum exit_code config_test(const struct config_source *source,
			   bool with_database);

#endif
