/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A spool file of any bytes: what is read of it must be whole, and what is
 * read must survive being written and read once more. */
#include "support/spool_bytes.h"

#include <stdint.h>
#include <stdlib.h>

/* The fuzzer cannot guess checksums: each message's is put right, so that
 * what is behind it is reached too. */
static void
mend_checksums(char *bytes, size_t size)
{
	char line[SPOOL_MESSAGE_LINE_LEN + 1];
	const char *end = memchr(bytes, '\n', size);
	size_t at = end != NULL ? (size_t)(end - bytes) + 1 : size;
	/* The digit before it is the layout. */
	unsigned layout = at > 1 && bytes[at - 2] == '1' ? 1 : SPOOL_LAYOUT;

	while (at + SPOOL_MESSAGE_LINE_LEN <= size &&
	       memcmp(bytes + at, "message ", 8) == 0) {
		char digits[17] = { 0 };
		memcpy(digits, bytes + at + 8, 16);
		size_t len = strtoull(digits, NULL, 16);
		size_t from = at + SPOOL_MESSAGE_LINE_LEN;
		if (len > size - from)
			return;
		snprintf(line, sizeof(line), SPOOL_MESSAGE_LINE, len,
			 spool_checksum(layout, spool_checksum_start(layout),
					(struct view){ bytes + from, len }));
		memcpy(bytes + at, line, SPOOL_MESSAGE_LINE_LEN);
		at = from + len;
	}
}

static void
check(struct view bytes)
{
	struct spool_batch first;
	struct spool_batch again;

	spool_decode(bytes, &first);
	struct spool_bytes f = spool_bytes_of(first.list, first.count);
	spool_decode((struct view){ f.at, f.len }, &again);
	if (again.is_damaged || again.count != first.count)
		abort();
	spool_batch_free(&again);
	spool_batch_free(&first);
	free(f.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = memory_resize(NULL, size + 1);

	memcpy(bytes, data, size);
	check((struct view){ bytes, size });
	mend_checksums(bytes, size);
	check((struct view){ bytes, size });
	free(bytes);
	return 0;
}
