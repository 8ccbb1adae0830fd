/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A spool_dir for each test, and the settings that name it. */
#ifndef SUPPORT_SPOOL_DIR_H
#define SUPPORT_SPOOL_DIR_H

#include "store/settings.h"

extern struct store_settings settings;

/* For cmocka. */
int make_dir(void **state);
int remove_dir(void **state);

#endif
