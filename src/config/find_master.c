/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the running master is to be found: two keys of the file, whatever
 * else is wrong with it. */
#include "config/find_master.h"

#include "config/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { LARGEST_FILE = 4 * 1024 * 1024 };

static void
take(const struct reading *r, struct arena *arena, const char *name,
     const char **found)
{
	const struct setting *s = reading_find(r, "", name);

	if (*found != NULL || s == NULL || s->values[0].text == NULL ||
	    s->values[0].text[0] != '/')
		return;
	*found = arena_copy(arena, view_of(s->values[0].text)).at;
}

static void
take_both(struct reading *r, struct arena *arena, struct master_paths *found)
{
	string_values_decode(r);
	take(r, arena, "run_dir", &found->run_dir);
	take(r, arena, "pid_file", &found->pid_file);
}

bool
find_master(const char *file, struct arena *arena, struct master_paths *out)
{
	struct config files = { .watchdog_ms = 0 };
	struct reading r = { .config = &files,
			     .faults = { .arena = &files.arena } };
	struct master_paths found = { NULL, NULL };

	if (access(file, R_OK) != 0)
		return false;
	parser_read(&r, file);
	bool is_read = files.file_count > 0;
	take_both(&r, arena, &found);
	/* A string that is not closed swallows what follows, up to the next
	 * quote: then each line is read as a file of its own. */
	size_t torn = is_read && r.is_cut ? r.name_count : 0;
	for (unsigned i = 0; i < torn; i++) {
		struct named_file named = { { i, 1 }, NULL, r.names[i] };
		struct buf text = BUF(LARGEST_FILE);
		if (!reading_load(&r, &named, &text))
			continue;
		for (struct view rest = buf_view(&text); rest.len > 0;) {
			parser_read_line(&r, i, view_take_line(&rest));
			take_both(&r, arena, &found);
		}
		reading_wipe(&text);
	}
	reading_release(&r);
	free(files.files);
	arena_free(&files.arena);
	if (!is_read) {
		errno = EINVAL;
		return false;
	}
	if (found.run_dir == NULL)
		found.run_dir = key_find("", VIEW("run_dir"))->value;
	if (found.pid_file == NULL)
		found.pid_file = reading_path_in(arena, found.run_dir, "pid");
	*out = found;
	return true;
}
