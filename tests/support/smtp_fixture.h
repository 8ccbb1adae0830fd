/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server for the protocol's tests: settings, state, and a net that knows
 * one international name. */
#ifndef SUPPORT_SMTP_FIXTURE_H
#define SUPPORT_SMTP_FIXTURE_H

#include "smtp/session.h"

#include <string.h>

struct smtp_fixture {
	struct smtp_settings settings;
	struct smtp_state state;
	struct budget budget;
	struct address client;
	struct domains *more;
	const char *discards[1];
};

void smtp_fixture_init(struct smtp_fixture *f);

void smtp_fixture_deinit(struct smtp_fixture *f);

#endif
