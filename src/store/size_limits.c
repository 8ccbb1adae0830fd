/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The largest message that can be stored: SIZE. Room is left for what we put
 * before a message (4 KB) and for the other columns (64 KB). */
#include "store/size_limits.h"

#include "base/buf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_PATH "%s/bounds"

enum {
	TRACE_ROOM = 4 * 1024,
	PACKET_ROOM = 68 * 1024,
	ASSUMED_PACKET = 16 * 1024 * 1024,
	ASSUMED_ADDRESS = 320,
	FILE_MAX = 4096
};

static size_t
less(size_t from, size_t what)
{
	return from > what ? from - what : 0;
}

static void
lower(struct size_limit *l, size_t bytes, const char *name, const char *remedy)
{
	if (bytes >= l->bytes)
		return;
	l->bytes = bytes;
	l->name = name;
	l->remedy = remedy;
}

size_t
size_limits_row_bytes(const struct server *server)
{
	size_t packet = less(server->max_packet, PACKET_ROOM - TRACE_ROOM);

	return server->max_row < packet ? less(server->max_row, 4096) : packet;
}

struct size_limit
size_limits_of_message(const struct store_settings *settings,
		       const struct server *server, const struct table *table)
{
	struct size_limit l = { settings->message_size, "limits.message_size",
				"raise it in the configuration" };
	const struct table_column *mail = table_column(table, "mail");
	const char *wider = "ALTER TABLE ... MODIFY `mail` LONGBLOB NOT NULL";

	/* A text column may need three bytes for each that it cannot hold, but
	 * real mail is ASCII: what does not fit is refused with the data. */
	if (mail != NULL)
		lower(&l, less(mail->max_bytes, TRACE_ROOM),
		      "the column `mail`", wider);
	if (mail != NULL)
		lower(&l, less(mail->max_chars, TRACE_ROOM),
		      "the column `mail`", wider);
	lower(&l, less(server->max_packet, PACKET_ROOM),
	      "the server's max_allowed_packet",
	      "raise it in the server's configuration");
	lower(&l, less(server->max_row, PACKET_ROOM), "the engine's row",
	      server->is_tidb ? "txn-entry-size-limit of TiDB" :
				"a larger innodb_log_file_size");
	lower(&l, settings->transaction_bytes, "limits.transaction_bytes",
	      "raise it in the configuration");
	lower(&l, server->max_transaction, "the engine's transaction",
	      "raise it in the configuration");
	return l;
}

struct store_size_limits
size_limits_of_table(const struct store_settings *settings,
		     const struct server *server, const struct table *table,
		     const struct table *holds_raw)
{
	static const char *const addresses[] = { "to", "recipient" };
	struct store_size_limits b = { .max_address_chars = SIZE_MAX,
				       .has_utf8_addresses = true,
				       .is_known = true };

	for (size_t i = 0; i < 2; i++) {
		const struct table_column *c =
			table_column(table, addresses[i]);
		if (c == NULL)
			continue;
		if (c->charset != CHARSET_UTF8MB4 &&
		    c->charset != CHARSET_BYTES)
			b.has_utf8_addresses = false;
		if (c->max_chars < b.max_address_chars)
			b.max_address_chars = c->max_chars;
		if (c->max_bytes < b.max_address_chars)
			b.max_address_chars = c->max_bytes;
	}
	b.max_message_bytes =
		size_limits_of_message(settings, server, holds_raw).bytes;
	return b;
}

/* Two instances may share a spool_dir that neither spools into: the figures
 * carry the name of what they are for. */
static void
put_identity(const struct store_settings *settings, struct buf *out)
{
	buf_printf(out, "%s.%s@%s", settings->database, settings->table,
		   settings->hosts[0].name);
	for (size_t i = 0; i < out->len; i++)
		if (out->at[i] <= ' ')
			out->at[i] = '_';
	buf_append_byte(out, '\0');
}

struct store_size_limits
size_limits_load(const struct store_settings *settings)
{
	struct store_size_limits b = {
		.max_message_bytes = ASSUMED_PACKET - PACKET_ROOM,
		.max_address_chars = ASSUMED_ADDRESS,
	};
	char path[FILE_MAX];
	char table[FILE_MAX], bytes[24], chars[24], utf8[2];
	struct buf ours = BUF(FILE_MAX);

	put_identity(settings, &ours);
	snprintf(path, sizeof(path), FILE_PATH, settings->spool_dir);
	FILE *f = fopen(path, "re");
	if (f != NULL &&
	    fscanf(f, "table %4095s message %23[0-9] address %23[0-9] "
		   "utf8 %1[01]", table, bytes, chars, utf8) == 4 &&
	    strcmp(table, ours.at) == 0 && strtoul(bytes, NULL, 10) > 0) {
		b.max_message_bytes = strtoul(bytes, NULL, 10);
		b.max_address_chars = strtoul(chars, NULL, 10);
		b.has_utf8_addresses = utf8[0] == '1';
	}
	if (f != NULL)
		fclose(f);
	buf_release(&ours);
	if (settings->message_size < b.max_message_bytes)
		b.max_message_bytes = settings->message_size;
	return b;
}

/* Without a spool_dir there is nothing to keep it in; the next start assumes
 * what it must. */
void
size_limits_keep(const struct store_settings *settings,
		 const struct store_size_limits *size_limits)
{
	char path[FILE_MAX];
	char unfinished[FILE_MAX + 32];
	struct buf ours = BUF(FILE_MAX);

	snprintf(path, sizeof(path), FILE_PATH, settings->spool_dir);
	snprintf(unfinished, sizeof(unfinished), "%s.%ld", path,
		 (long)getpid());
	int fd = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		      0600);
	if (fd < 0)
		return;
	put_identity(settings, &ours);
	int n = dprintf(fd, "table %s\nmessage %zu\naddress %zu\nutf8 %d\n",
			ours.at, size_limits->max_message_bytes,
			size_limits->max_address_chars,
			size_limits->has_utf8_addresses);
	close(fd);
	if (n < 0 || rename(unfinished, path) != 0)
		unlink(unfinished);
	buf_release(&ours);
}
