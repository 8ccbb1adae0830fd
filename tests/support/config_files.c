/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/config_files.h"

void
config_files_init(struct config_files *f)
{
	snprintf(f->directory, sizeof(f->directory), "/tmp/config-XXXXXX");
	char *made = mkdtemp(f->directory);
	assert(made != NULL);
	(void)made;
}

const char *
config_files_path(const struct config_files *f, const char *name,
		  char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", f->directory, name);
	return path;
}

void
config_files_put(const struct config_files *f, const char *name, mode_t mode,
		 const char *text)
{
	char path[PATH_MAX];
	FILE *file = fopen(config_files_path(f, name, path), "w");

	assert(file != NULL);
	fputs(text, file);
	int result = fclose(file) | chmod(path, mode);
	assert(result == 0);
	(void)result;
}

static void
config_files_remove(const struct config_files *f)
{
	DIR *directory = opendir(f->directory);
	char path[PATH_MAX];

	assert(directory != NULL);
	for (struct dirent *e; (e = readdir(directory)) != NULL;)
		if (e->d_name[0] != '.')
			unlink(config_files_path(f, e->d_name, path));
	closedir(directory);
	rmdir(f->directory);
}

int
config_files_tear_down(void **state)
{
	config_files_remove(*state);
	return 0;
}

struct config *
config_files_read(const struct config_files *f, const char *text,
		  struct buf *faults)
{
	struct config_source source = { .file = NULL };
	struct buf whole = BUF(1024 * 1024);
	char path[PATH_MAX];
	size_t prefix = strlen(f->directory) + 1;

	if (text != NULL)
		config_files_put(f, "main.conf", 0600, text);
	source.file = config_files_path(f, "main.conf", path);
	struct config *c = config_read(&source, &whole);
	buf_append_byte(&whole, '\0');
	for (const char *at = whole.at; *at != '\0'; at++) {
		if (strncmp(at, f->directory, prefix - 1) == 0 &&
		    at[prefix - 1] == '/')
			at += prefix;
		buf_append_byte(faults, *at);
	}
	buf_append_byte(faults, '\0');
	buf_release(&whole);
	return c;
}
