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

/* A string that is not closed swallows what follows, up to the next quote:
 * then each line is read as a file of its own. */
static void
search_lines(struct reading *r, unsigned file, struct arena *arena,
	     struct master_paths *found)
{
	struct named_file named = { { file, 1 }, NULL, r->names[file] };
	struct buf text = BUF(LARGEST_FILE);

	if (!reading_load(r, &named, &text))
		return;
	struct view rest = buf_view(&text);
	while (rest.len > 0) {
		size_t end = view_find(rest, '\n');
		parser_read_line(r, file, view_slice(rest, 0, end));
		take_both(r, arena, found);
		rest = view_slice(rest, end + 1, rest.len);
	}
	reading_wipe(&text);
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
	size_t torn = is_read && r.is_cut ? r.name_count : 0;
	for (unsigned i = 0; i < torn; i++)
		search_lines(&r, i, arena, &found);
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
