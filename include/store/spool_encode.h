/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A spool file, byte for byte: a line that names the format and its layout,
 * messages each behind its length and checksum, a line that ends it. A
 * message is fields by name, each "name length\n" bytes "\n"; readable by
 * people. A new field needs no new layout: who does not know it passes it
 * over, and where it is missing it is empty. The layout changes with what an
 * older program would get wrong; every one that was ever used is read. */
#ifndef STORE_SPOOL_ENCODE_H
#define STORE_SPOOL_ENCODE_H

#include "mail.h"

/* 1: FNV-1a of 64 bits; 2: CRC-32. tests/spool has files of each. */
enum { SPOOL_LAYOUT = 2 };

#define SPOOL_FIRST_WORDS "guerrilla-smtpd spool "
#define SPOOL_MESSAGE_LINE "message %016zx %016llx\n"
#define SPOOL_LAST_LINE "end %08zx\n"

enum { SPOOL_MESSAGE_LINE_LEN = 8 + 16 + 1 + 16 + 1,
       SPOOL_LAST_LINE_LEN = 4 + 8 + 1 };

/* Of a message, continued piece by piece: it finds any single changed byte. */
unsigned long long spool_checksum_start(unsigned layout);
unsigned long long spool_checksum(unsigned layout, unsigned long long sum,
				  struct view bytes);

/* Gives the file's bytes for a list of mails, piece by piece: begin() gets
 * the line of a message, its numbers still 0, write() all else, and note()
 * the numbers, to be put at the line that was begun last. -1 as soon as one
 * of the three does. */
struct spool_sink {
	int (*begin)(void *context, struct view line);
	int (*write)(void *context, struct view bytes);
	int (*note)(void *context, size_t len, unsigned long long sum);
	void *context;
};
int spool_encode(const struct spool_sink *sink, struct mail *const *mails,
		 size_t count);

/* What a file held. */
struct spool_batch {
	struct arena arena;
	struct mail *mails;             /* the sound ones */
	struct mail **list;             /* the same, as store_save wants them */
	size_t count;
	bool is_damaged;                /* there was more, or should be */
	unsigned layout;                /* above SPOOL_LAYOUT: of a newer
					 * program, nothing else is known */
};

/* Reads any bytes at all. The batch owns its raw messages; all other views
 * point into file, which must outlive it. */
void spool_decode(struct view file, struct spool_batch *out);
void spool_batch_free(struct spool_batch *b);

#endif
