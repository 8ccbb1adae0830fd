/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator should know of a table that will do, but not well. */
#ifndef STORE_TABLE_WARNINGS_H
#define STORE_TABLE_WARNINGS_H

#include "store/settings.h"
#include "store/table.h"

/* Logs one line for each weakness, with the statement that mends it. */
void table_warn(const struct table *t, const struct store_settings *settings);

#endif
