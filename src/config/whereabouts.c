/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the running master is to be found: the words of the file are looked
 * through for two keys, without asking whether the rest makes sense. */
#include "config/whereabouts.h"

#include "config/reading.h"
#include "config/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 4 * 1024 * 1024, DEEPEST_INCLUDE = 10 };

struct search {
	struct arena *arena;
	struct whereabouts *found;
	struct reading *reading;        /* for its files */
	unsigned depth;
};

static bool look_into(struct search *s, const char *path);

/* The next word; what is none costs the rest of its line. */
static struct token
next_word(struct scanner *s)
{
	struct token t = token_next(s);

	while (t.kind == TOKEN_BAD) {
		size_t line = view_find(s->rest, '\n') + 1;
		s->rest = view_slice(s->rest, line, s->rest.len);
		t = token_next(s);
	}
	return t;
}

static void
follow(struct search *s, unsigned file, struct view raw)
{
	const char *path = document_decode_token(s->arena, raw);

	if (path == NULL || path[0] == '\0' || s->depth == DEEPEST_INCLUDE)
		return;
	s->depth++;
	look_into(s, reading_resolve(s->reading, file, path));
	s->depth--;
}

static void
take(struct search *s, struct view key, struct view raw)
{
	bool is_pid_file = view_equal(key, VIEW("pid_file"));

	if (!is_pid_file && !view_equal(key, VIEW("run_dir")))
		return;
	const char *path = document_decode_token(s->arena, raw);
	if (path == NULL || path[0] != '/')
		return;
	if (is_pid_file)
		s->found->pid_file = path;
	else
		s->found->run_dir = path;
}

static bool
look_into(struct search *s, const char *path)
{
	struct buf text = BUF(LARGEST_FILE);

	struct named_file named = { { 0, 1 }, NULL, path };
	if (!reading_load(s->reading, &named, &text))
		return false;
	unsigned file = reading_add_name(s->reading, path);
	struct scanner scanner = { buf_view(&text), 1 };
	struct token key = next_word(&scanner);
	while (key.kind != TOKEN_END) {
		struct token mark = next_word(&scanner);
		if (token_is(&mark, "="))
			take(s, key.text, next_word(&scanner).text);
		else if (token_is(&mark, "(") &&
			 view_equal(key.text, VIEW("include")))
			follow(s, file, next_word(&scanner).text);
		else {
			key = mark;
			continue;
		}
		key = next_word(&scanner);
	}
	reading_wipe(&text);
	return true;
}

bool
whereabouts_find(const char *file, struct arena *arena,
		 struct whereabouts *out)
{
	struct config files = { .watchdog_ms = 0 };
	struct reading r = { .config = &files,
			     .faults = { .arena = &files.arena } };
	struct whereabouts found = { NULL, NULL };
	struct search s = { arena, &found, &r, 0 };

	bool is_read = look_into(&s, file);
	int error = errno;
	reading_release(&r);
	free(files.files);
	if (is_read) {
		if (found.run_dir == NULL)
			found.run_dir = key_find("", VIEW("run_dir"))->value;
		if (found.pid_file == NULL) {
			struct buf path = BUF(LONGEST_PATH);
			buf_printf(&path, "%s/pid", found.run_dir);
			found.pid_file =
				arena_copy(arena, buf_view(&path)).at;
			buf_release(&path);
		}
		*out = found;
	}
	arena_free(&files.arena);
	errno = error;
	return is_read;
}
