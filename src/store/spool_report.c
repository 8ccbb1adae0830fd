/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of `-s spool`. It only reads, whoever is at work there: a file that
 * is gone meanwhile is stored. */
#include "store/spool_report.h"

#include "store/spool_encode.h"
#include "store/spool_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
print_age(struct buf *out, int64_t age_s)
{
	static const struct { int64_t seconds; char unit; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' }
	};
	size_t i = 0;

	/* Of the largest that there are two of. */
	while (units[i].seconds > 1 && age_s < 2 * units[i].seconds)
		i++;
	buf_printf(out, "%4lld%c",
		   (long long)(age_s > 0 ? age_s / units[i].seconds : 0),
		   units[i].unit);
}

static void
print_message(struct buf *out, const struct message *m, int64_t now_s,
	      const char *reason)
{
	size_t shown = 0;

	buf_printf(out, "%s ", m->id);
	print_age(out, now_s - m->complete_wall_us / 1000000);
	buf_append_text(out, "  <");
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

/* One file of a folder. */
struct spooled_file {
	const char *dir;
	const char *folder;
	const char *name;
};

static void
read_reason(const struct spooled_file *at, char out[REASON_SIZE])
{
	char path[SPOOL_PATH_SIZE];

	int len = snprintf(out, REASON_SIZE, "%s: ", at->folder);
	spool_note_path(at->dir, at->folder, at->name, path);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return;
	size_t room = REASON_SIZE - 1 - (size_t)len;
	size_t n = fread(out + len, 1, room, f);
	out[(size_t)len + n] = '\0';
	fclose(f);
}

static void
print_file(struct buf *out, const struct spooled_file *at, int64_t now_s)
{
	struct spool_batch b;
	char reason[REASON_SIZE] = "waits";

	struct view bytes = spool_read_file(at->dir, at->folder, at->name);
	if (bytes.at == NULL)
		return;
	if (strcmp(at->folder, "new") != 0)
		read_reason(at, reason);
	spool_decode(bytes, &b);
	for (size_t i = 0; i < b.count; i++)
		print_message(out, b.list[i]->message, now_s, reason);
	if (b.count == 0)
		buf_printf(out, "%s of %zu bytes: %s\n", at->name, bytes.len,
			   b.layout > SPOOL_LAYOUT ? "of a newer program"
						   : reason);
	spool_batch_free(&b);
	free((void *)bytes.at);
}

static void
print_dir(struct buf *out, const char *dir, int64_t now_s)
{
	static const char *const folders[] = { "new", "refused", "damaged" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct spool_names names = spool_list(dir, folders[i]);
		for (size_t k = 0; k < names.count; k++) {
			const struct spooled_file file = { dir, folders[i],
							   names.at[k] };
			print_file(out, &file, now_s);
		}
		spool_names_free(&names);
	}
}

int
spool_report(const char *dir, int64_t now_s, struct buf *out)
{
	char line[SPOOL_PATH_SIZE];
	DIR *d = opendir(dir);

	if (d == NULL)
		return -1;
	closedir(d);
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
