/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the running master is to be found: the words of the file are looked
 * through for two keys, without asking whether the rest makes sense. */
#include "config/find_master.h"

#include "config/lexer.h"
#include "config/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 4 * 1024 * 1024, DEEPEST_INCLUDE = 10,
       MOST_FILES = 1000 };

struct master_search {
	struct arena *arena;
	struct master_paths *found;
	struct reading *reading;        /* for its files */
	unsigned depth;
	bool is_torn;                   /* something was no word */
};

static bool look_into(struct master_search *s, const char *path);

/* The next word; what is none costs the rest of its line. */
static struct token
next_word(struct master_search *s, struct scanner *scanner)
{
	struct token t = token_next(scanner);

	while (t.kind == TOKEN_BAD) {
		size_t line = view_find(scanner->rest, '\n') + 1;
		scanner->rest = view_slice(scanner->rest, line,
					   scanner->rest.len);
		s->is_torn = true;
		t = token_next(scanner);
	}
	return t;
}

static void
follow(struct master_search *s, unsigned file, struct view raw)
{
	const char *path = document_decode_token(s->arena, raw);

	if (path == NULL || path[0] == '\0' || s->depth == DEEPEST_INCLUDE ||
	    s->reading->name_count >= MOST_FILES)
		return;
	s->depth++;
	look_into(s, reading_resolve(s->reading, file, path));
	s->depth--;
}

static void
take(struct master_search *s, struct view key, struct view raw)
{
	bool is_pid_file = view_equal(key, VIEW("pid_file"));
	const char **found = is_pid_file ? &s->found->pid_file :
					   &s->found->run_dir;

	if (*found != NULL || (!is_pid_file &&
			       !view_equal(key, VIEW("run_dir"))))
		return;
	const char *path = document_decode_token(s->arena, raw);
	if (path != NULL && path[0] == '/')
		*found = path;
}

static void
look_at(struct master_search *s, unsigned file, struct view text)
{
	struct scanner scanner = { text, 1 };
	struct token key = next_word(s, &scanner);

	while (key.kind != TOKEN_END) {
		struct token mark = next_word(s, &scanner);
		bool is_include = token_is(&mark, "(") &&
				  view_equal(key.text, VIEW("include"));
		if (!is_include && !token_is(&mark, "=")) {
			key = mark;
			continue;
		}
		struct token value = next_word(s, &scanner);
		if (is_include)
			follow(s, file, value.text);
		else
			take(s, key.text, value.text);
		key = next_word(s, &scanner);
	}
}

/* A string that is not closed swallows what follows, up to the next quote:
 * then each line is looked at for itself. */
static bool
look_into(struct master_search *s, const char *path)
{
	struct buf text = BUF(LARGEST_FILE);
	struct named_file named = { { 0, 1 }, NULL, path };

	if (!reading_load(s->reading, &named, &text))
		return false;
	unsigned file = reading_add_name(s->reading, path);
	s->is_torn = false;
	look_at(s, file, buf_view(&text));
	struct view rest = buf_view(&text);
	for (bool is_torn = s->is_torn; is_torn && rest.len > 0;) {
		size_t end = view_find(rest, '\n');
		look_at(s, file, view_slice(rest, 0, end));
		rest = view_slice(rest, end + 1, rest.len);
	}
	reading_wipe(&text);
	return true;
}

bool
find_master(const char *file, struct arena *arena, struct master_paths *out)
{
	struct config files = { .watchdog_ms = 0 };
	struct reading r = { .config = &files,
			     .faults = { .arena = &files.arena } };
	struct master_paths found = { NULL, NULL };
	struct master_search s = { .arena = arena,
				   .found = &found,
				   .reading = &r };

	bool is_read = look_into(&s, file);
	int error = errno;
	reading_release(&r);
	free(files.files);
	if (is_read) {
		if (found.run_dir == NULL)
			found.run_dir = key_find("", VIEW("run_dir"))->value;
		if (found.pid_file == NULL)
			found.pid_file = reading_path_in(
				arena, found.run_dir, "pid");
		*out = found;
	}
	arena_free(&files.arena);
	errno = error;
	return is_read;
}
