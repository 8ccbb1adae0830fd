/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who we become, and that there is no way back. */
#ifndef SUPERVISOR_PRIVILEGES_H
#define SUPERVISOR_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct account {
	const char *user;               /* for messages */
	uid_t uid;
	gid_t gid;
};

enum { ACCOUNT_REASON_SIZE = 256 };

/* Looks the account up: by name or number; group "" is the user's own. -1
 * with the reason in why. */
int account_find(const char *user, const char *group, struct account *out,
		 char why[ACCOUNT_REASON_SIZE]);

/* Root becomes the account: groups, gid, uid, no capability but, if asked,
 * that to bind low ports; others stay who they are and lose their
 * capabilities the same way. Proves it, and sets no_new_privs. -1 with the
 * reason in why: then the process must end. */
int privileges_drop(const struct account *account, bool keeps_bind, char *why,
		    size_t size);

/* In a child: the last capability goes too. */
void privileges_drop_bind(void);

#endif
