/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of `-s spool`. It only reads, whoever is at work there: a file that
 * is gone meanwhile is stored. */
#include "store/spool_report.h"

#include "store/spool_encode.h"
#include "store/spool_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REASON_SIZE = 200, RECIPIENTS_SHOWN = 3 };

/* Addresses and the database's words are strangers' bytes: nothing of them
 * reaches the terminal but printable ASCII. */
static void
print_text(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_append_byte(out, text.at[i] > ' ' && text.at[i] <= '~'
					     ? text.at[i]
					     : text.at[i] == ' ' ? ' ' : '?');
}

static void
print_message(struct buf *out, const struct message *m, int64_t now_s,
	      const char *reason)
{
	static const struct { int64_t seconds; char unit; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' }
	};
	int64_t age_s = now_s - m->complete_wall_us / 1000000;
	size_t i = 0, shown = 0;

	/* Of the largest unit that there are two of. */
	while (units[i].seconds > 1 && age_s < 2 * units[i].seconds)
		i++;
	buf_printf(out, "%s %4lld%c  <", m->id,
		   (long long)(age_s > 0 ? age_s / units[i].seconds : 0),
		   units[i].unit);
	print_text(out, m->envelope.sender);
	buf_append_text(out, ">");
	for (const struct recipient *r = m->envelope.first;
	     r != NULL && shown < RECIPIENTS_SHOWN; r = r->next, shown++) {
		buf_append_text(out, shown == 0 ? " to <" : ", <");
		print_text(out, r->address);
		buf_append_text(out, ">");
	}
	if (m->envelope.recipients > shown)
		buf_printf(out, " and %zu more",
			   m->envelope.recipients - shown);
	buf_append_text(out, ": ");
	print_text(out, view_of(reason));
	buf_append_text(out, "\n");
}

static void
print_folder(struct buf *out, const char *dir, const char *folder,
	     int64_t now_s)
{
	struct spool_names names = spool_list(dir, folder);
	bool is_new = strcmp(folder, "new") == 0;
	char reason[REASON_SIZE], path[SPOOL_PATH_SIZE];

	for (size_t k = 0; k < names.count; k++) {
		struct spool_batch b;
		const char *name = names.at[k];
		struct view bytes = spool_read_file(dir, folder, name);
		if (bytes.at == NULL)
			continue;
		/* Why it is there: "waits", or what stands beside it. */
		size_t len = (size_t)snprintf(reason, sizeof(reason), "%s%s",
					      is_new ? "waits" : folder,
					      is_new ? "" : ": ");
		spool_note_path(dir, folder, name, path);
		FILE *f = is_new ? NULL : fopen(path, "re");
		if (f != NULL) {
			len += fread(reason + len, 1,
				     sizeof(reason) - 1 - len, f);
			reason[len] = '\0';
			fclose(f);
		}
		spool_decode(bytes, &b);
		for (size_t i = 0; i < b.count; i++)
			print_message(out, b.list[i]->message, now_s, reason);
		if (b.count == 0)
			buf_printf(out, "%s of %zu bytes: %s\n", name,
				   bytes.len, b.layout > SPOOL_LAYOUT ?
				   "of a newer program" : reason);
		spool_batch_free(&b);
		free((void *)bytes.at);
	}
	spool_names_free(&names);
}

static void
print_dir(struct buf *out, const char *dir, int64_t now_s)
{
	print_folder(out, dir, "new", now_s);
	print_folder(out, dir, "refused", now_s);
	print_folder(out, dir, "damaged", now_s);
}

int
spool_report(const char *dir, int64_t now_s, struct buf *out)
{
	char line[SPOOL_PATH_SIZE];

	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	close(fd);
	print_dir(out, dir, now_s);
	spool_path(dir, "earlier", "", line);
	FILE *list = fopen(line, "re");
	while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		print_dir(out, line, now_s);
	}
	if (list != NULL)
		fclose(list);
	return 0;
}
