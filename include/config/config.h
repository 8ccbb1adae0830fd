/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file to plain settings (guerrilla-smtpd.conf(5)). */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/log.h"
#include "worker/settings.h"

enum sandbox_mode { SANDBOX_ON, SANDBOX_LOG, SANDBOX_KILL, SANDBOX_OFF };

struct config {
	struct arena arena;             /* holds all that follows */

	const char *user;
	const char *group;              /* "": the user's own */
	const char *run_dir;
	const char *pid_file;           /* resolved: never "" */
	bool may_be_root;               /* allow_root */
	bool keeps_bind_capability;
	bool dumps_core;
	enum sandbox_mode sandbox;
	int64_t watchdog_ms;

	struct worker_settings worker;  /* smtp, mime, net, store inside */
	struct log_settings log;
	const char *status_listen;      /* "": off */
};

/* Reads the file. All faults of it are appended to faults, a line each:
 * "file:line: key: what is wrong", and the result is NULL then. port is what
 * -p gave, or 0. Does not contact the database. */
struct config *config_read(const char *file, unsigned port,
			   struct buf *faults);
void config_free(struct config **c);

/* For -T: the effective configuration in the same grammar, secrets as "". */
void config_print(const struct config *c, struct buf *out);

#endif
