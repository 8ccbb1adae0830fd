/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program with an intruder in each process: as soon as its sandbox is
 * closed and it is ready, it tries every escape and says on stderr what
 * stopped it. With GUERRILLA_LANDLOCK=N the kernel seems to have Landlock of
 * that version only (0: none). Linked with --wrap. */
#include "base/landlock.h"
#include "base/scoreboard_layout.h"
#include "support/escapes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __real_landlock_abi(void);
int __wrap_landlock_abi(void);
int __real_sandbox_enter(const struct sandbox_rules *rules,
			 struct scoreboard_slot *slot);
int __wrap_sandbox_enter(const struct sandbox_rules *rules,
			 struct scoreboard_slot *slot);
void __real_slot_set_state(struct scoreboard_slot *s, enum slot_state state);
void __wrap_slot_set_state(struct scoreboard_slot *s, enum slot_state state);

static const char *role;                /* once the sandbox is closed */

int
__wrap_landlock_abi(void)
{
	const char *forced = getenv("GUERRILLA_LANDLOCK");
	int abi = __real_landlock_abi();

	if (forced == NULL || forced[0] == '\0')
		return abi;
	int most = (int)strtol(forced, NULL, 10);
	return most < abi ? most : abi;
}

int
__wrap_sandbox_enter(const struct sandbox_rules *rules,
		     struct scoreboard_slot *slot)
{
	int rc = __real_sandbox_enter(rules, slot);

	role = rules->role;
	return rc;
}

static void
try_all(struct scoreboard_slot *own)
{
	const char *port = getenv("GUERRILLA_ELSEWHERE");
	const struct escape_scene scene = {
		.victim = getppid(),
		.spool = getenv("GUERRILLA_SPOOL"),
		.secret = getenv("GUERRILLA_SECRET"),
		.socket = getenv("GUERRILLA_SOCKET"),
		.control = getenv("GUERRILLA_CONTROL"),
		.port = port != NULL ? (unsigned)strtoul(port, NULL, 10) : 0,
		.own = own,
		.own_size = scoreboard_slot_offset(1) -
			    scoreboard_slot_offset(0),
	};

	for (const struct escape *e = escapes; e->name != NULL; e++) {
		bool is_its_work = e->attempt == escape_connect_name_server &&
				   strcmp(role, "resolver") == 0;
		errno = 0;
		int rc = e->attempt(&scene);
		int error = errno;
		char line[256];
		int n = snprintf(line, sizeof(line), "escape: %s: %s: %s%s%s\n",
				 role, e->name,
				 is_its_work ? "nothing, its work" :
				 rc == 0 ? "OUT" : escape_stopped_by(error),
				 rc == 0 ? "" : ": ",
				 rc == 0 ? "" : strerror(error));
		if (write(STDERR_FILENO, line, (size_t)n) != n)
			return;
	}
}

void
__wrap_slot_set_state(struct scoreboard_slot *s, enum slot_state state)
{
	__real_slot_set_state(s, state);
	if (state == SLOT_READY && role != NULL &&
	    getenv("GUERRILLA_SPOOL") != NULL)
		try_all(s);
}
