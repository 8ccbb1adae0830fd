/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ceiling: rows inserted by the store room itself, without SMTP, MIME
 * and processes. Prints rows a second and this process's CPU a row.
 *
 *     store_ceiling SOCKET USER DATABASE ROWS SIZE BATCH [TABLE] */
#include "base/clock.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MOST_BATCH = 1024 };

struct bench {
	struct mail mails[MOST_BATCH];
	struct message messages[MOST_BATCH];
	struct recipient recipients[MOST_BATCH];
	struct mail *list[MOST_BATCH];
	unsigned long long next_id;
};

static void
fill_raw(struct chain *raw, size_t size)
{
	char line[80];

	memset(line, 'x', sizeof(line));
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	while (raw->len < size) {
		size_t n = size - raw->len;
		chain_append(raw, (struct view){ line, n < sizeof(line) ?
						 n : sizeof(line) });
	}
}

static void
fill(struct bench *b, size_t size, size_t batch)
{
	for (size_t i = 0; i < batch; i++) {
		struct recipient *r = &b->recipients[i];
		struct message *m = &b->messages[i];
		r->address = VIEW("somebody@example.com");
		r->key = VIEW("somebody@example.com");
		r->trace = VIEW("Return-Path: <sender@example.org>\r\n"
				"Delivered-To: somebody@example.com\r\n"
				"Received: from client.example.org (bench "
				"[192.0.2.1])\r\n\tby mail.example.com with "
				"ESMTP\r\n");
		m->envelope.first = r;
		m->envelope.last = r;
		m->envelope.recipients = 1;
		m->envelope.sender = VIEW("sender@example.org");
		m->helo = VIEW("client.example.org");
		m->client = (struct address){ .bytes = { 192, 0, 2, 1 },
					      .len = 4 };
		fill_raw(&m->raw, size);
		b->mails[i] = (struct mail){
			.message = m,
			.from = VIEW("sender@example.org"),
			.subject = VIEW("What the table can take"),
			.body = { m->raw.first->bytes, m->raw.first->len < 4000
				  ? m->raw.first->len : 4000 },
			.charset = VIEW("utf-8"),
			.content_type = VIEW("text/plain"),
			.message_id = VIEW("<1@example.org>"),
		};
		b->list[i] = &b->mails[i];
	}
}

static void
renew(struct bench *b, size_t batch)
{
	for (size_t i = 0; i < batch; i++) {
		struct message *m = &b->messages[i];
		m->complete_wall_us = clock_wall_us();
		m->verdict = VERDICT_NONE;
		snprintf(m->id, sizeof(m->id), "%012llx%016llx0000",
			 (unsigned long long)m->complete_wall_us / 1000 &
			 0xffffffffffffULL, b->next_id++);
	}
}

static bool
all_stored(const struct bench *b, size_t batch)
{
	for (size_t i = 0; i < batch; i++)
		if (b->messages[i].verdict != VERDICT_STORED)
			return false;
	return true;
}

static double
cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int
run(struct bench *b, struct store *s, size_t rows, size_t batch)
{
	size_t done = 0;
	double cpu = cpu_us();
	int64_t began = clock_us();

	while (done < rows) {
		renew(b, batch);
		store_save(s, b->list, batch);
		if (!all_stored(b, batch)) {
			fprintf(stderr, "store_ceiling: not stored, error %d\n",
				b->messages[0].error);
			return 1;
		}
		done += batch;
	}
	double took = (double)(clock_us() - began);
	printf("rows=%zu rows_per_s=%.0f cpu_us_per_row=%.1f\n", done,
	       (double)done * 1e6 / took, (cpu_us() - cpu) / (double)done);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct bench b;
	struct store_host host = { "", 0 };
	struct store_settings settings = {
		.hosts = &host, .host_count = 1, .password = "", .tls_ca = "",
		.table = argc > 7 ? argv[7] : "new_mail",
		.raw_table = "",
		.connect_timeout_ms = 2000, .timeout_ms = 10000,
		.max_age_ms = 3600000, .batch_rows = 32,
		.batch_bytes = 1 << 20, .transaction_bytes = 100 << 20,
		.message_size = 25 << 20, .spool_dir = "/nonexistent"
	};

	if (argc < 7) {
		fprintf(stderr, "usage: store_ceiling SOCKET USER DATABASE "
			"ROWS SIZE BATCH [TABLE]\n");
		return 2;
	}
	settings.socket = argv[1];
	settings.user = argv[2];
	settings.database = argv[3];
	size_t rows = strtoul(argv[4], NULL, 10);
	size_t size = strtoul(argv[5], NULL, 10);
	size_t batch = strtoul(argv[6], NULL, 10);
	if (batch == 0 || batch > MOST_BATCH || size == 0)
		return 2;
	if (batch > settings.batch_rows)
		settings.batch_rows = batch;
	srand((unsigned)clock_us());
	b.next_id = (unsigned long long)rand() << 32;
	fill(&b, size, batch);
	store_warm_up();
	struct store *s = store_new(&settings, NULL);
	int result = run(&b, s, rows, batch);
	store_free(&s);
	return result;
}
