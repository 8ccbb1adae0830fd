/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration says whom root becomes: who can write it can be anyone.
 * That is why its owner matters more than that of the files it names. */
#include "supervisor/account_check.h"

#include "supervisor/root_open.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whether it is the configuration itself or a part of it. */
static bool
is_configuration(const struct config_file *file)
{
	return file->key[0] == '\0' || strcmp(file->key, "include") == 0;
}

void
account_check(const struct config *config, const struct account *account,
	      struct buf *advice)
{
	if (geteuid() != 0 || account->uid == 0)
		return;
	if (strcmp(account->user, "nobody") == 0)
		buf_printf(advice, "user = \"nobody\" is an account that other "
			   "daemons share: what one of them does to its "
			   "processes and files it can do to ours. Make one "
			   "(useradd --system guerrilla-smtpd) and name it\n");
	for (size_t i = 0; i < config->file_count; i++) {
		const struct config_file *file = &config->files[i];
		mode_t write_bits = 002;
		if (file->group == account->gid)
			write_bits |= 020;
		bool may_write = file->owner == account->uid ||
				 (file->mode & write_bits) != 0;
		if (is_configuration(file) && may_write)
			buf_printf(advice, "%s can write %s, which says whom "
				   "root becomes (chown root %s; chmod "
				   "go-w %s)\n", account->user, file->path,
				   file->path, file->path);
	}
}

bool
account_may_be_root(const struct config *config, char *why, size_t size)
{
	for (size_t i = 0; i < config->file_count; i++) {
		const struct config_file *file = &config->files[i];
		if (!is_configuration(file) ||
		    (file->owner == 0 && (file->mode & 022) == 0 &&
		     root_owns_folder_of(file->path)))
			continue;
		snprintf(why, size, "allow_root does not count: %s is not "
			 "root's alone to change (chown root, chmod go-w, "
			 "and every folder above it)", file->path);
		return false;
	}
	return true;
}
