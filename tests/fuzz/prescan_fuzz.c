/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scan of a message's parts, under small limits: parts lie within the
 * message, in order, and are no more than the limits allow. */
#include "mime/structure.h"

#include "mime/gmime_text.h"
#include "mime/mime.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mime_settings limits = {
	.header_lines = 20, .header_bytes = 600, .header_field = 200,
	.header_colons = 10, .boundary_lines = 12, .multiparts = 4,
	.mime_parts = 8, .mime_depth = 3,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chain raw = { 0 };
	struct arena arena = { 0 };
	struct structure s = { .limits = &limits };

	(void)chain_append(&raw, (struct view){ (const char *)data, size });
	gmime_open();
	structure_begin(&s, &raw, &arena);
	for (size_t until = 0; !s.is_done; until += 64)
		structure_read(&s, until);
	structure_end(&s);
	assert(s.count >= 1 && s.count <= limits.mime_parts);
	assert(s.depth == 0);
	assert(s.header.len <= limits.header_bytes);
	for (size_t i = 0; i < s.count; i++) {
		const struct part *part = &s.parts[i];
		assert(part->is_closed && part->from <= part->to);
		assert(part->to <= raw.len && part->type.len > 0);
		assert(i == 0 || part->from >= s.parts[i - 1].from);
		assert(part->messages <= limits.mime_depth);
	}
	free(s.parts);
	arena_free(&arena);
	chain_free(&raw);
	return 0;
}
