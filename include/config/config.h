/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file to plain settings (guerrilla-smtpd.conf(5)). */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "worker/settings.h"

#include <sys/types.h>

/* Where the configuration comes from: the file and what the command line
 * puts in the place of its values, at the start and at each reload. */
struct config_source {
	const char *file;
	unsigned port;                  /* -p: instead of the listeners; 0 */
	const char *log_file;           /* -l: instead of log.target; NULL */
	bool is_verbose;                /* -v */
	bool is_daemon;                 /* -d: "stderr" means syslog */
};

/* A file that was read: the configuration, what it includes, and the files
 * that its keys name. */
struct config_file {
	const char *path;
	const char *key;                /* "include", "tls.key", ... */
	mode_t mode;
	uid_t owner;
	gid_t group;
};

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

	/* As written, for -T; the rooms have them in their own form. */
	struct strings domains;
	struct strings domain_files;
	struct strings discard;
	struct strings blocked_senders;
	struct strings blocked_sender_files;
	struct strings trusted_proxies;
	struct strings xclient_hosts;
	struct strings blocked_clients;
	struct strings hosts;
	struct strings retention_domains;
	struct certificate_settings tls;
	struct certificate_settings tls_second;
	const char *password_file;

	/* Lines, as those of faults: what works, but hardly as meant. */
	const char *warnings;

	struct config_file *files;
	size_t file_count;
};

/* Reads the file and all it names; does not contact the database. All faults
 * are appended to faults, a line each: "file:line: key: what is wrong", and
 * the result is NULL then. A file that may not be read is such a fault, with
 * the chgrp and chmod that help. */
struct config *config_read(const struct config_source *from,
			   struct buf *faults);

/* The same, with the faults to standard error. */
struct config *config_read_aloud(const struct config_source *from);

/* Ends it, its passwords overwritten, and sets *c to NULL; NULL is fine. */
void config_free(struct config **c);

/* Its warnings to the log. */
void config_log_warnings(const struct config *c);

/* Overwrites the passwords. */
void config_forget_secrets(struct config *c);

/* And every copy of them that reading has left in memory: for a process that
 * does not need them. */
void config_wipe_secrets(struct config *c);

/* Whether b may replace a in the running master: false, with a line a key in
 * faults, where user, group, run_dir, pid_file or allow_root differ. */
bool config_is_same_process(const struct config *a, const struct config *b,
			    struct buf *faults);

/* For -T: the effective configuration in the same grammar, secrets as "". */
void config_print(const struct config *c, struct buf *out);

#endif
