/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content-Type and Content-Disposition, as GMime gets them: what is read is
 * bounded, and text where a column takes it. */
#include "mime/part.h"
#include "mime/gmime_text.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct content_value *v)
{
	assert(utf8_is_valid(v->word) && utf8_is_valid(v->charset));
	assert(v->word.len <= 4096 && v->charset.len <= 40);
	assert(v->boundary.len <= 256);
	for (size_t i = 0; i < v->word.len; i++)
		assert(v->word.at[i] > ' ' && v->word.at[i] < 0x7f);
	for (size_t i = 0; i < v->charset.len; i++)
		assert(v->charset.at[i] > ' ' && v->charset.at[i] < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view value = { (const char *)data, size };
	struct arena arena = { 0 };

	gmime_open();
	struct content_value v = content_type_read(value, &arena);
	check(&v);
	assert(view_find(v.word, '/') < v.word.len && v.word.len <= 127);
	v = content_disposition_read(value, &arena);
	check(&v);
	arena_free(&arena);
	return 0;
}
