/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order in which a sandbox is closed, and what holds then. */
#include "base/sandbox.h"

#include "base/landlock.h"
#include "base/seccomp_filter.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All that it has or could take back; all bits where nobody can say. */
static uint64_t
capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &header, data) != 0)
		return UINT64_MAX;
	uint32_t low = data[0].effective | data[0].permitted |
		       data[0].inheritable;
	uint32_t high = data[1].effective | data[1].permitted |
			data[1].inheritable;
	return (uint64_t)high << 32 | low;
}

int
sandbox_enter(const struct sandbox_rules *rules, struct scoreboard_slot *slot)
{
	if (rules == NULL || rules->mode == SANDBOX_OFF)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	struct slot_sandbox now = {
		.uid = (uint32_t)geteuid(),
		.capabilities = capabilities(),
		.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
	};
	/* Landlock first: its calls are not on the list. It cannot log, so
	 * it is left out where nothing shall be forbidden. */
	if (rules->mode != SANDBOX_LOG)
		now.landlock = landlock_abi();
	if (now.landlock > 0 && landlock_enter(rules, now.landlock) != 0)
		return -1;
	if (seccomp_filter_enter(rules, &now) != 0)
		return -1;
	slot_note_sandbox(slot, &now);
	return 0;
}
