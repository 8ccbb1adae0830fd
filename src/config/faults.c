/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that is wrong with a configuration, said in one run. Faults are
 * found by several passes and printed in the order of the file. */
#include "config/faults.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Each byte may take four when it is escaped. */
enum { LONGEST_SENTENCE = 16 * 1024, LONGEST_FAULT = 72 * 1024 };

void
faults_add(struct faults *f, struct place at, const char *key,
	   const char *format, ...)
{
	if (f->count >= FAULTS_SHOWN) {
		f->count++;
		return;
	}
	assert(f->arena != NULL && at.line > 0);
	struct buf sentence = BUF(LONGEST_SENTENCE);
	struct buf line = BUF(LONGEST_FAULT);
	va_list args;

	va_start(args, format);
	buf_vprintf(&sentence, format, args);
	va_end(args);
	if (key != NULL)
		buf_printf(&line, "%s: ", key);
	/* What a file quotes must not break the line it is quoted in. */
	for (size_t i = 0; i < sentence.len; i++) {
		unsigned char c = (unsigned char)sentence.at[i];
		if (c < ' ' || c == 0x7f)
			buf_printf(&line, "\\x%02x", c);
		else
			buf_append_byte(&line, (char)c);
	}
	f->at = memory_grow(f->at, f->count, sizeof(*f->at));
	f->at[f->count++] = (struct config_fault){
		.at = at,
		.text = arena_copy(f->arena, buf_view(&line)).at,
	};
	buf_release(&sentence);
	buf_release(&line);
}

static bool
is_before(struct place a, struct place b)
{
	return a.file != b.file ? a.file < b.file : a.line < b.line;
}

void
faults_print(const struct faults *f, const char *const *names,
	     struct buf *out)
{
	size_t shown = f->count < FAULTS_SHOWN ? f->count : FAULTS_SHOWN;

	/* Sorted by insertion: stable, and quick on what is nearly in order,
	 * as faults are. */
	for (size_t i = 1; i < shown; i++) {
		struct config_fault moving = f->at[i];
		size_t j = i;
		for (; j > 0 && is_before(moving.at, f->at[j - 1].at); j--)
			f->at[j] = f->at[j - 1];
		f->at[j] = moving;
	}
	for (size_t i = 0; i < shown; i++) {
		const struct config_fault *fault = &f->at[i];
		buf_printf(out, "%s:%u: %s\n", names[fault->at.file],
			   fault->at.line, fault->text);
	}
}

void
faults_release(struct faults *f)
{
	free(f->at);
	f->at = NULL;
	f->count = 0;
}
