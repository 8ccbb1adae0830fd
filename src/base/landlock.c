/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Landlock by its system calls; there is no library for it. Newer kernels
 * know more rights than the headers: they are named here by their values. */
#include "base/landlock.h"

#include "base/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The three fields of struct landlock_ruleset_attr up to ABI 6. */
struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

struct port_rule {
	uint64_t rights;
	uint64_t port;
};

enum {
	ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_IOCTL = 5, ABI_SCOPED = 6,
	RULE_NET_PORT = 2, DNS_PORT = 53
};

static const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE |
				LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t executing = LANDLOCK_ACCESS_FS_EXECUTE;
static const uint64_t writing_file = LANDLOCK_ACCESS_FS_WRITE_FILE;
static const uint64_t changing = LANDLOCK_ACCESS_FS_REMOVE_DIR |
				 LANDLOCK_ACCESS_FS_REMOVE_FILE |
				 LANDLOCK_ACCESS_FS_MAKE_DIR |
				 LANDLOCK_ACCESS_FS_MAKE_REG;
static const uint64_t never = LANDLOCK_ACCESS_FS_MAKE_CHAR |
			      LANDLOCK_ACCESS_FS_MAKE_SOCK |
			      LANDLOCK_ACCESS_FS_MAKE_FIFO |
			      LANDLOCK_ACCESS_FS_MAKE_BLOCK |
			      LANDLOCK_ACCESS_FS_MAKE_SYM;
static const uint64_t refer = 1u << 13;
static const uint64_t truncating = 1u << 14;
static const uint64_t ioctl_device = 1u << 15;
static const uint64_t bind_tcp = 1u << 0;
static const uint64_t connect_tcp = 1u << 1;
static const uint64_t scopes = 3;       /* abstract sockets, signals */

struct landlock_rules {
	int fd;
	uint64_t files;                 /* rights that are governed at all */
};

int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static int
open_ruleset(struct landlock_rules *ruleset, bool walls_ports, int abi)
{
	struct ruleset r = {
		.files = reading | executing | writing_file | changing |
			 never,
	};
	size_t size = sizeof(r.files);

	if (abi >= ABI_REFER)
		r.files |= refer;
	if (abi >= ABI_TRUNCATE)
		r.files |= truncating;
	if (abi >= LANDLOCK_ABI_NET) {
		r.net = walls_ports ? bind_tcp | connect_tcp : bind_tcp;
		size = offsetof(struct ruleset, scoped);
	}
	if (abi >= ABI_IOCTL)
		r.files |= ioctl_device;
	if (abi >= ABI_SCOPED) {
		r.scoped = scopes;
		size = sizeof(r);
	}
	ruleset->files = r.files;
	ruleset->fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	return ruleset->fd < 0 ? -1 : 0;
}

/* A path that is not there needs no rule. */
static int
allow(const struct landlock_rules *ruleset, const char *path, uint64_t rights)
{
	struct stat st;

	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/* What concerns directories may not be said of a file. */
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rights &= LANDLOCK_ACCESS_FS_READ_FILE | executing |
			  writing_file | truncating;
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights & ruleset->files,
		.parent_fd = fd,
	};
	long added = syscall(SYS_landlock_add_rule, ruleset->fd,
			     LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close_keeping_errno(fd);
	return added == 0 ? 0 : -1;
}

static int
allow_list(const struct landlock_rules *ruleset, const char *const *paths)
{
	for (; *paths != NULL; paths++)
		if (allow(ruleset, *paths, reading) != 0)
			return -1;
	return 0;
}

/* What the resolver reads. /etc/resolv.conf is often a link to a file that
 * somebody replaces: the folder that it leads to is what must stay readable,
 * unless that is /etc. */
static int
allow_resolver(const struct landlock_rules *ruleset)
{
	static const char *const files[] = {
		"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf",
		"/etc/host.conf", "/etc/gai.conf", "/etc/services",
		"/etc/protocols", NULL,
	};
	char path[PATH_MAX];

	if (allow_list(ruleset, files) != 0)
		return -1;
	if (realpath("/etc/resolv.conf", path) == NULL)
		return 0;
	char *slash = strrchr(path, '/');
	if (slash == NULL || slash == path)
		return 0;
	*slash = '\0';
	return strcmp(path, "/etc") == 0 ? 0 : allow(ruleset, path, reading);
}

static int
allow_files(const struct landlock_rules *ruleset,
	    const struct sandbox_rules *rules)
{
	static const char *const everyones[] = {
		"/usr", "/lib", "/lib64", "/dev/urandom", "/etc/localtime",
		"/proc/self", "/sys/devices/system/cpu", NULL,
	};
	/* The database's library wants to know who it runs as, and where the
	 * authorities of the system are. */
	static const char *const librarys[] = {
		"/etc/passwd", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", NULL,
	};
	bool is_storing = (rules->rights & SANDBOX_STORES) != 0;
	const uint64_t all = reading | writing_file | changing | refer |
			     truncating;

	if (allow_list(ruleset, everyones) != 0 ||
	    allow(ruleset, "/dev/null", reading | writing_file) != 0)
		return -1;
	if (is_storing && allow_list(ruleset, librarys) != 0)
		return -1;
	if ((rules->rights & SANDBOX_RESOLVES) != 0 &&
	    allow_resolver(ruleset) != 0)
		return -1;
	for (int i = 0; i < SANDBOX_PATHS; i++) {
		if (rules->readable[i] != NULL &&
		    allow(ruleset, rules->readable[i], reading) != 0)
			return -1;
		if (rules->writable[i] != NULL &&
		    allow(ruleset, rules->writable[i], all) != 0)
			return -1;
	}
	return 0;
}

static int
allow_port(const struct landlock_rules *ruleset, unsigned port)
{
	struct port_rule rule = { connect_tcp, port };

	return (int)syscall(SYS_landlock_add_rule, ruleset->fd, RULE_NET_PORT,
			    &rule, 0);
}

int
landlock_enter(const struct sandbox_rules *rules, int abi)
{
	struct landlock_rules ruleset;
	bool walls_ports = !rules->has_more_ports;

	assert(abi > 0);
	if (open_ruleset(&ruleset, walls_ports, abi) != 0)
		return -1;
	int rc = allow_files(&ruleset, rules);
	if (walls_ports && abi >= LANDLOCK_ABI_NET) {
		for (int i = 0; rc == 0 && i < SANDBOX_PORTS &&
				rules->ports[i] != 0; i++)
			rc = allow_port(&ruleset, rules->ports[i]);
		if (rc == 0 && (rules->rights & SANDBOX_RESOLVES) != 0)
			rc = allow_port(&ruleset, DNS_PORT);
	}
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, ruleset.fd, 0);
	close_keeping_errno(ruleset.fd);
	return rc;
}
