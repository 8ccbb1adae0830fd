/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Message bytes: the same text and the same end however the input is cut. */
#include "smtp/data.h"

#include "base/buf.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
read_data(struct view v, size_t step, struct buf *seen)
{
	struct data d = { .at = DATA_AT_LINE_START };
	size_t used = 0, idle = 0;

	while (used < v.len && d.at != DATA_AT_END) {
		size_t end = (used / step + 1) * step;
		struct view text;
		size_t n = data_next(&d, view_slice(v, used, end), &text);
		assert(text.len <= n + 1);
		idle = n > 0 ? 0 : idle + 1;
		assert(idle <= 2);
		used += n;
		buf_append(seen, text);
	}
	buf_append_byte(seen, d.has_bare_newline ? 'b' : 'c');
	buf_append_byte(seen, (char)('0' + d.at));
	return used;
}

static void
check_data(struct view v, size_t step, struct buf *seen)
{
	struct data d = { .at = DATA_AT_LINE_START };

	for (size_t i = 0; i < v.len; i += step)
		data_check(&d, view_slice(v, i, i + step));
	buf_append_byte(seen, d.has_bare_newline ? 'b' : 'c');
	buf_append_byte(seen, d.at == DATA_AT_CR ? 'o' : '-');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	struct buf whole = BUF(1 << 24), part = BUF(1 << 24);

	if (size == 0)
		return 0;
	size_t used = read_data(v, size, &whole);
	check_data(v, size, &whole);
	for (int i = 0; i < 2; i++) {
		size_t step = i == 0 ? 1 : 1 + data[0] % 61u;
		part.len = 0;
		assert(read_data(v, step, &part) == used);
		check_data(v, step, &part);
		assert(view_equal(buf_view(&whole), buf_view(&part)));
	}
	buf_release(&whole);
	buf_release(&part);
	return 0;
}
