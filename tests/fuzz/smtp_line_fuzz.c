/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines: the same ones however the input is cut, none with CR, LF or NUL. */
#include "smtp/command_line.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_lines(struct view v, size_t step, struct buf *seen)
{
	struct command_line l = { .is_begun = false };

	for (size_t i = 0; i < v.len;) {
		size_t end = (i / step + 1) * step;
		struct view line;
		enum command_line_kind kind;
		i += command_line_feed(&l, view_slice(v, i, end), &line, &kind);
		assert(l.kept.len <= COMMAND_LINE_MAX_BYTES);
		if (kind == COMMAND_LINE_PARTIAL)
			continue;
		if (kind == COMMAND_LINE_WHOLE) {
			assert(line.len + 2 <= COMMAND_LINE_MAX_BYTES);
			assert(view_find(line, '\r') == line.len);
			assert(view_find(line, '\n') == line.len);
			assert(view_find(line, '\0') == line.len);
			buf_append(seen, line);
		}
		buf_append_byte(seen, (char)('0' + kind));
		if (kind == COMMAND_LINE_BARE_LF)
			continue;
		command_line_forget(&l);
	}
	command_line_forget(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	struct buf whole = BUF(1 << 24), part = BUF(1 << 24);

	if (size == 0)
		return 0;
	read_lines(v, size, &whole);
	for (int i = 0; i < 2; i++) {
		part.len = 0;
		read_lines(v, i == 0 ? 1 : 1 + data[0] % 97u, &part);
		assert(view_equal(buf_view(&whole), buf_view(&part)));
	}
	buf_release(&whole);
	buf_release(&part);
	return 0;
}
