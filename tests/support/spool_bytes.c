/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/spool_bytes.h"

int
spool_bytes_add(void *context, struct view bytes)
{
	struct spool_bytes *f = context;

	f->at = memory_resize(f->at, f->len + bytes.len + 1);
	memcpy(f->at + f->len, bytes.at, bytes.len);
	f->len += bytes.len;
	return 0;
}

static int
spool_bytes_begin(void *context, struct view line)
{
	struct spool_bytes *f = context;

	f->line_at = f->len;
	return spool_bytes_add(f, line);
}

static int
spool_bytes_note(void *context, size_t len, unsigned long long sum)
{
	struct spool_bytes *f = context;
	char line[SPOOL_MESSAGE_LINE_LEN + 1];

	snprintf(line, sizeof(line), SPOOL_MESSAGE_LINE, len, sum);
	memcpy(f->at + f->line_at, line, SPOOL_MESSAGE_LINE_LEN);
	return 0;
}

struct spool_bytes
spool_bytes_of(struct mail *const *mails, size_t count)
{
	struct spool_bytes f = { NULL, 0, 0 };
	struct spool_sink sink = { spool_bytes_begin, spool_bytes_add,
				   spool_bytes_note, &f };

	spool_encode(&sink, mails, count);
	return f;
}
