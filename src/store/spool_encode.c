/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a spool file: what goes into it. */
#include "store/spool_encode.h"

#include "store/columns.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { LINE_SIZE = 160 };

unsigned long long
spool_checksum_start(unsigned layout)
{
	return layout == 1 ? 0xcbf29ce484222325ull : 0;
}

/* The first layout had FNV-1a. */
unsigned long long
spool_checksum(unsigned layout, unsigned long long sum, struct view bytes)
{
	if (bytes.len == 0)
		return sum;     /* zlib takes a NULL for a fresh start */
	if (layout > 1)
		return crc32_z((uLong)sum, (const Bytef *)bytes.at, bytes.len);
	for (size_t i = 0; i < bytes.len; i++) {
		sum ^= (unsigned char)bytes.at[i];
		sum *= 0x100000001b3ull;
	}
	return sum;
}

struct writer {
	const struct spool_sink *sink;
	size_t len;                     /* of the message so far */
	unsigned long long sum;
	bool has_failed;
};

static void
put(struct writer *w, struct view bytes)
{
	if (w->has_failed || bytes.len == 0)
		return;
	w->len += bytes.len;
	w->sum = spool_checksum(SPOOL_LAYOUT, w->sum, bytes);
	w->has_failed = w->sink->write(w->sink->context, bytes) != 0;
}

static void
put_name(struct writer *w, const char *name, size_t len)
{
	char line[LINE_SIZE];
	int n = snprintf(line, sizeof(line), "%s %zu\n", name, len);

	put(w, (struct view){ line, (size_t)n });
}

static void
put_field(struct writer *w, const char *name, struct view bytes)
{
	put_name(w, name, bytes.len);
	put(w, bytes);
	put(w, VIEW("\n"));
}

static void __attribute__((format(printf, 3, 4)))
put_format(struct writer *w, const char *name, const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_field(w, name, (struct view){ text, (size_t)n });
}

static void
put_message(struct writer *w, const struct mail *mail)
{
	const struct message *m = mail->message;
	const struct address *a = &m->client;
	char client[ADDRESS_TEXT_SIZE] = "-";
	struct view v;

	if (a->len == 4 || a->len == 16)
		inet_ntop(a->len == 16 ? AF_INET6 : AF_INET, a->bytes, client,
			  sizeof(client));
	put_field(w, "id", (struct view){ m->id, MAIL_ID_LEN });
	put_format(w, "complete-us", "%lld", (long long)m->complete_wall_us);
	put_field(w, "client", view_of(client));
	for (size_t i = 0; i < store_column_count; i++) {
		const struct store_column *c = &store_columns[i];
		const char *base = c->source == OF_MAIL ?
			(const char *)mail : (const char *)m;
		if (c->spooled == NULL)
			continue;
		memcpy(&v, base + c->offset, sizeof(v));
		put_field(w, c->spooled, v);
	}
	put_format(w, "spam-score", "%a", mail->spam_score);
	put_format(w, "has-attach", "%d", mail->has_attach);
	put_format(w, "recipients", "%zu", m->envelope.recipients);
	for (const struct recipient *r = m->envelope.first; r != NULL;
	     r = r->next) {
		put_field(w, "recipient", r->address);
		put_field(w, "to", r->key);
		put_field(w, "trace", r->trace);
		put_format(w, "discarded", "%d", r->is_discarded);
	}
	put_name(w, "mail", m->raw.len);
	for (const struct piece *p = m->raw.first; p != NULL; p = p->next)
		put(w, (struct view){ p->bytes, p->len });
	put(w, VIEW("\n"));
}

int
spool_encode(const struct spool_sink *sink, struct mail *const *mails,
	     size_t count)
{
	char line[LINE_SIZE];

	int n = snprintf(line, sizeof(line), SPOOL_FIRST_WORDS "%d\n",
			 SPOOL_LAYOUT);
	if (sink->write(sink->context, (struct view){ line, (size_t)n }) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct writer w = {
			.sink = sink, .sum = spool_checksum_start(SPOOL_LAYOUT)
		};
		/* The numbers come when they are known, at the same length. */
		n = snprintf(line, sizeof(line), SPOOL_MESSAGE_LINE, (size_t)0,
			     0ull);
		assert(n == SPOOL_MESSAGE_LINE_LEN);
		if (sink->begin(sink->context,
				(struct view){ line, (size_t)n }) != 0)
			return -1;
		put_message(&w, mails[i]);
		if (w.has_failed ||
		    sink->note(sink->context, w.len, w.sum) != 0)
			return -1;
	}
	n = snprintf(line, sizeof(line), SPOOL_LAST_LINE, count);
	return sink->write(sink->context, (struct view){ line, (size_t)n });
}
