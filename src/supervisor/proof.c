/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No rule is believed because it was written: each process is looked at. */
#include "supervisor/proof.h"

#include "base/in_child.h"
#include "base/landlock.h"
#include "base/log.h"
#include "base/process.h"
#include "supervisor/privileges.h"
#include "supervisor/roles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECCOMP_FILTERS = 2, MISSING_SIZE = 256 };

/* "" where all is there. */
static const char *
find_missing(const struct confinement *c, int abi)
{
	if (c->uid == 0)
		return "it runs as root";
	if (c->capabilities != 0)
		return "it has capabilities";
	if (!c->has_no_new_privs)
		return "it may gain privileges (no_new_privs)";
	if (c->seccomp != SECCOMP_FILTERS)
		return "no filter of system calls (seccomp)";
	/* Landlock does not show: it is tried. */
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return abi >= LANDLOCK_ABI_NET ? "" :
		       "no wall before TCP ports (Landlock 4)";
	close(fd);
	return "no wall before the files (Landlock)";
}

static bool
try(const void *rules, char *missing, size_t size)
{
	struct confinement c;

	int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	int abi = landlock_abi();       /* cannot be asked later */
	privileges_drop_bind();
	if (sandbox_enter(rules, NULL) != 0)
		snprintf(missing, size, "cannot be entered: %s",
			 strerror(errno));
	else if (status < 0 || confinement_read(status, &c) != 0)
		snprintf(missing, size, "/proc does not tell: %s",
			 strerror(errno));
	else
		snprintf(missing, size, "%s", find_missing(&c, abi));
	return missing[0] == '\0';
}

int
proof_of_sandboxes(const struct generation *g, struct buf *why)
{
	char missing[MISSING_SIZE];
	int result = 0;

	if (g->config->sandbox != SANDBOX_STRICT)
		return 0;
	for (int slot = SLOT_UNUSED; slot < SLOT_ROLES; slot++) {
		if (role_of((enum slot_role)slot) == NULL ||
		    in_child(try, &g->sandbox_rules[slot], missing,
			     sizeof(missing)))
			continue;
		buf_printf(why, "sandbox = \"strict\": %s: %s\n",
			   role_name((enum slot_role)slot), missing);
		result = -1;
	}
	return result;
}

void
proof_log(const struct process *e, const struct config *config,
	  const struct slot_sandbox *told)
{
	struct confinement c;
	char capabilities[24], hash[16];

	if (confinement_of(e->pid, &c) != 0)
		return;
	bool is_walled = e->role != SLOT_MASTER &&
			 config->sandbox != SANDBOX_OFF &&
			 config->sandbox != SANDBOX_LOG;
	snprintf(capabilities, sizeof(capabilities), "%llx",
		 (unsigned long long)c.capabilities);
	snprintf(hash, sizeof(hash), "%08x", (unsigned)told->hash);
	log_event(e->number > 1 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
		  "process is confined",
		  LOG_STR("role", role_name(e->role)),
		  LOG_NUM("number", e->number), LOG_NUM("child", e->pid),
		  LOG_NUM("uid", c.uid), LOG_STR("capabilities", capabilities),
		  LOG_NUM("no_new_privs", c.has_no_new_privs),
		  LOG_NUM("seccomp", c.seccomp),
		  LOG_NUM("filters", c.filters),
		  LOG_NUM("instructions", told->instructions),
		  LOG_STR("hash", hash),
		  LOG_NUM("landlock_abi", is_walled ? landlock_abi() : 0));
	if (is_walled && landlock_abi() == 0 && e->number <= 1)
		log_warn("the sandbox has a gap: this kernel has no Landlock, "
			 "files are not walled",
			 LOG_STR("role", role_name(e->role)));
}
