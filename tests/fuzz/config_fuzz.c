/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration file of any bytes: either there are faults, each a line
 * with its place, or what -T prints can be read again and prints the same. */
#include "config/config.h"
#include "config/find_master.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Else the name of this machine would be looked up each time. */
#define OWN "hostname = \"mail.example.com\"\n"

static struct config *
read_bytes(struct view bytes, struct buf *faults)
{
	char path[64];
	int fd = memfd_create("configuration", MFD_CLOEXEC);
	struct config_source source = { .file = path };

	if (fd < 0 || write(fd, bytes.at, bytes.len) != (ssize_t)bytes.len)
		abort();
	/* With a password in it it must not be open to everyone. */
	fchmod(fd, 0600);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct config *c = config_read(&source, faults);
	struct arena arena = { .budget = NULL };
	struct master_paths where;
	if (!find_master(path, &arena, &where) || where.run_dir[0] != '/')
		abort();
	arena_free(&arena);
	close(fd);
	return c;
}

static bool
is_fault(struct view line)
{
	struct view rest = view_slice(line, view_find(line, ':') + 1,
				      line.len);
	size_t number;

	/* The last one tells their number. */
	if (view_ends_nocase(line, VIEW(" faults")) ||
	    view_ends_nocase(line, VIEW(" of them shown")))
		return true;
	return view_to_size(view_slice(rest, 0, view_find(rest, ':')),
			    SIZE_MAX, &number) && number > 0;
}

static void
check_faults(const struct config *c, const struct buf *faults)
{
	struct view rest = buf_view(faults);

	if ((c == NULL) != (rest.len > 0))
		abort();
	while (rest.len > 0) {
		size_t end = view_find(rest, '\n');
		if (end == rest.len || !is_fault(view_slice(rest, 0, end)))
			abort();
		rest = view_slice(rest, end + 1, rest.len);
	}
}

static void
check_print(const struct config *c)
{
	struct buf once = BUF(64 * 1024 * 1024);
	struct buf twice = BUF(64 * 1024 * 1024);
	struct buf faults = BUF(1024 * 1024);

	config_print(c, &once);
	struct config *again = read_bytes(buf_view(&once), &faults);
	if (again == NULL) {
		fwrite(once.at, 1, once.len, stderr);
		fwrite(faults.at, 1, faults.len, stderr);
		abort();
	}
	config_print(again, &twice);
	if (!view_equal(buf_view(&once), buf_view(&twice)))
		abort();
	config_free(&again);
	buf_release(&once);
	buf_release(&twice);
	buf_release(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF(SIZE_MAX);
	struct buf faults = BUF(1024 * 1024);

	buf_append_text(&text, OWN);
	buf_append(&text, (struct view){ (const char *)data, size });
	struct config *c = read_bytes(buf_view(&text), &faults);
	check_faults(c, &faults);
	if (c != NULL)
		check_print(c);
	config_free(&c);
	buf_release(&text);
	buf_release(&faults);
	return 0;
}
