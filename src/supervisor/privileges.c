/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups, then gid, then uid, since each step needs the rights that the next
 * one takes away; then capabilities; then the proof. */
#include "supervisor/privileges.h"

#include "base/view.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int
account_find(const char *user, const char *group, struct account *out,
	     char why[ACCOUNT_REASON_SIZE])
{
	const size_t size = ACCOUNT_REASON_SIZE;
	size_t number;
	struct passwd *p = getpwnam(user);

	if (p == NULL && view_to_size(view_of(user), INT32_MAX, &number))
		p = getpwuid((uid_t)number);
	if (p == NULL) {
		snprintf(why, size, "there is no user %s", user);
		return -1;
	}
	struct account found = { user, p->pw_uid, p->pw_gid };
	const struct group *g = group[0] != '\0' ? getgrnam(group) : NULL;
	if (g != NULL) {
		found.gid = g->gr_gid;
	} else if (view_to_size(view_of(group), INT32_MAX, &number)) {
		found.gid = (gid_t)number;
	} else if (group[0] != '\0') {
		snprintf(why, size, "there is no group %s", group);
		return -1;
	}
	*out = found;
	return 0;
}

/* The effective, permitted and inheritable sets become empty, or the bind
 * capability alone where it is kept and there. */
static int
keep_capabilities(bool keeps_bind)
{
	const uint32_t bind_only = 1u << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct had[2] = { 0 }, data[2] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	keeps_bind = keeps_bind && syscall(SYS_capget, &head, had) == 0 &&
		     (had[0].permitted & bind_only) != 0;
	if (keeps_bind)
		data[0] = (struct __user_cap_data_struct){
			bind_only, bind_only, bind_only };
	if (syscall(SYS_capset, &head, data) != 0)
		return -1;
	/* Ambient, or it would be lost when an upgrade executes a file. */
	if (keeps_bind)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
		      CAP_NET_BIND_SERVICE, 0, 0);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void
privileges_drop_bind(void)
{
	if (geteuid() != 0)
		keep_capabilities(false);
}

static int
fail(const char *what, char *why, size_t size)
{
	snprintf(why, size, "%s: %s", what, strerror(errno));
	return -1;
}

static int
become(const struct account *a, char *why, size_t size)
{
	if (setgroups(0, NULL) != 0)
		return fail("cannot clear the groups", why, size);
	if (setresgid(a->gid, a->gid, a->gid) != 0)
		return fail("cannot change the group", why, size);
	if (setresuid(a->uid, a->uid, a->uid) != 0)
		return fail("cannot change the user", why, size);
	return 0;
}

/* Asks the kernel, rather than believe that the calls above did it. */
static int
prove(const struct account *a, char *why, size_t size)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) != 0)
		return fail("cannot tell who we are", why, size);
	for (int i = 0; i < 3; i++)
		if (uids[i] != a->uid || gids[i] != a->gid) {
			errno = EPERM;
			return fail("still somebody else", why, size);
		}
	if (getgroups(0, NULL) > 0 || setuid(0) == 0 || seteuid(0) == 0 ||
	    (a->gid != 0 && setgid(0) == 0) || setgroups(0, NULL) == 0) {
		errno = EPERM;
		return fail("there is a way back to root", why, size);
	}
	return 0;
}

int
privileges_drop(const struct account *account, bool keeps_bind, char *why,
		size_t size)
{
	bool is_root = geteuid() == 0;

	/* Root that stays root keeps what it has: allow_root was asked. */
	if (is_root && account->uid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		return 0;
	}
	if (is_root) {
		for (int c = 0; c < 64; c++)
			if (!keeps_bind || c != CAP_NET_BIND_SERVICE)
				prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
		prctl(PR_SET_KEEPCAPS, keeps_bind ? 1 : 0, 0, 0, 0);
		if (become(account, why, size) != 0)
			return -1;
		prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	}
	if (keep_capabilities(keeps_bind) != 0)
		return fail("cannot empty the capabilities", why, size);
	return is_root ? prove(account, why, size) : 0;
}
