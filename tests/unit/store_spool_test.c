/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spool: what is written is read again, and damage anywhere is found. */
#include "store/spool.h"
#include "store/spool_folder.h"
#include "support/spool_bytes.h"
#include "support/spool_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAILS = 3 };

struct sample {
	struct mail mails[MAILS];
	struct message messages[MAILS];
	struct recipient recipients[MAILS][2];
	struct mail *list[MAILS];
};

static const char *const raws[MAILS] = {
	"Subject: a\r\n\r\nOne\r\n",
	/* Looks like the format itself; a NUL, and no end of line. */
	"message 0000000000000001 0000000000000001\nend 00000001\n",
	"",
};

static void
sample_make(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < MAILS; i++) {
		struct message *m = &s->messages[i];
		struct recipient *r = s->recipients[i];
		snprintf(m->id, sizeof(m->id),
			 "0199aa00bb%02ucc00dd00ee00ff000000",
			 (unsigned)i % 10);
		m->id[MAIL_ID_LEN] = '\0';
		m->complete_wall_us = 1700000000000000 + i;
		m->client = (struct address){ .bytes = { 192, 0, 2, 1 },
					      .len = i == 1 ? 16 : 4 };
		m->helo = VIEW("client.example.org");
		m->protocol = VIEW("ESMTP");
		m->envelope.sender = i == 2 ? VIEW("") :
					      VIEW("a@example.org");
		m->envelope.first = &r[0];
		m->envelope.last = &r[1];
		m->envelope.recipients = 2;
		r[0] = (struct recipient){ .next = &r[1],
			.address = VIEW("B@Example.com"),
			.key = VIEW("b@example.com"),
			.trace = VIEW("Received: x\r\n") };
		r[1] = r[0];
		r[1].next = NULL;
		r[1].is_discarded = i == 1;
		chain_append(&m->raw, view_of(raws[i]));
		s->mails[i] = (struct mail){ .message = m,
			.subject = VIEW("S\xc3\xa4mtliches"),
			.body = VIEW("body 3\nend\n"),
			.spam_score = 1.1, .has_attach = i == 0 };
		s->list[i] = &s->mails[i];
	}
}

static void
sample_free(struct sample *s)
{
	for (int i = 0; i < MAILS; i++)
		chain_free(&s->messages[i].raw);
}

static struct spool_bytes
encode(const struct sample *s)
{
	return spool_bytes_of(s->list, MAILS);
}

static bool
same_view(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.at, b.at, a.len));
}

static bool
same_raw(const struct chain *a, const struct chain *b)
{
	char x[256];
	char y[256];

	return a->len == b->len && chain_copy(a, 0, a->len, x) == a->len &&
	       chain_copy(b, 0, b->len, y) == b->len &&
	       memcmp(x, y, a->len) == 0;
}

static bool
same_mail(const struct mail *a, const struct mail *b)
{
	const struct message *m = a->message;
	const struct message *n = b->message;
	const struct recipient *r = m->envelope.first;
	const struct recipient *q = n->envelope.first;

	for (; r != NULL && q != NULL; r = r->next, q = q->next)
		if (!same_view(r->address, q->address) ||
		    !same_view(r->key, q->key) ||
		    !same_view(r->trace, q->trace) ||
		    r->is_discarded != q->is_discarded)
			return false;
	return r == q && strcmp(m->id, n->id) == 0 &&
	       m->complete_wall_us == n->complete_wall_us &&
	       m->client.len == n->client.len &&
	       memcmp(m->client.bytes, n->client.bytes, m->client.len) == 0 &&
	       same_view(m->helo, n->helo) && same_view(m->tls, n->tls) &&
	       same_view(m->envelope.sender, n->envelope.sender) &&
	       m->envelope.recipients == n->envelope.recipients &&
	       same_view(a->subject, b->subject) &&
	       same_view(a->body, b->body) &&
	       a->spam_score == b->spam_score &&
	       a->has_attach == b->has_attach && same_raw(&m->raw, &n->raw);
}

static void
what_is_written_is_read(void **state)
{
	(void)state;
	struct sample s;
	struct spool_batch b;
	sample_make(&s);
	struct spool_bytes f = encode(&s);

	spool_decode((struct view){ f.at, f.len }, &b);
	assert_false(b.is_damaged);
	assert_int_equal(b.count, MAILS);
	for (int i = 0; i < MAILS; i++)
		assert_true(same_mail(&s.mails[i], b.list[i]));
	spool_batch_free(&b);
	free(f.at);
	sample_free(&s);
}

/* Whatever is read is one of those that were written, and damage is told. */
static void
check_damaged(const struct sample *s, struct view bytes)
{
	struct spool_batch b;

	spool_decode(bytes, &b);
	assert_true(b.is_damaged || b.layout > SPOOL_LAYOUT);
	for (size_t i = 0; i < b.count; i++) {
		bool is_known = false;
		for (int k = 0; k < MAILS; k++)
			is_known |= same_mail(&s->mails[k], b.list[i]);
		assert_true(is_known);
	}
	spool_batch_free(&b);
}

static void
a_change_of_any_byte_is_found(void **state)
{
	(void)state;
	static const unsigned char changes[] = { 0x01, 0x80, 0xff, 0x20 };
	struct sample s;
	sample_make(&s);
	struct spool_bytes f = encode(&s);

	for (size_t i = 0; i < f.len; i++) {
		for (size_t k = 0; k < sizeof(changes); k++) {
			f.at[i] = (char)(f.at[i] ^ changes[k]);
			check_damaged(&s, (struct view){ f.at, f.len });
			f.at[i] = (char)(f.at[i] ^ changes[k]);
		}
	}
	free(f.at);
	sample_free(&s);
}

static void
a_cut_anywhere_is_found(void **state)
{
	(void)state;
	struct sample s;
	sample_make(&s);
	struct spool_bytes f = encode(&s);

	for (size_t i = 0; i < f.len; i++) {
		/* Of its own size, so that a read beyond it is seen. */
		char *part = memory_resize(NULL, i + 1);
		memcpy(part, f.at, i);
		check_damaged(&s, (struct view){ part, i });
		free(part);
	}
	spool_bytes_add(&f, VIEW("x"));
	check_damaged(&s, (struct view){ f.at, f.len });
	free(f.at);
	sample_free(&s);
}

static void
a_batch_is_one_private_file(void **state)
{
	(void)state;
	struct sample s;
	struct stat st;
	char path[SPOOL_PATH_SIZE];
	sample_make(&s);

	struct spool *spool = spool_open(&settings);
	assert_non_null(spool);
	spool_write(spool, s.list, MAILS);
	for (int i = 0; i < MAILS; i++)
		assert_int_equal(s.messages[i].verdict, VERDICT_SPOOLED);
	assert_int_equal(spool_usage(settings.spool_dir, "new").files, 1);
	assert_int_equal(spool_usage(settings.spool_dir, "tmp").files, 0);
	struct spool_names names = spool_list(settings.spool_dir, "new");
	assert_int_equal(names.count, 1);
	const char *name = names.at[0];
	assert_string_equal(name, s.messages[0].id);
	spool_path(settings.spool_dir, "new", name, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	struct view bytes = spool_read_file(settings.spool_dir, "new", name);
	struct spool_batch b;
	spool_decode(bytes, &b);
	assert_false(b.is_damaged);
	assert_int_equal(b.count, MAILS);
	assert_true(same_mail(&s.mails[1], b.list[1]));
	spool_batch_free(&b);
	free((void *)bytes.at);
	assert_int_equal(spool_set_aside(settings.spool_dir, name, "damaged",
					 "cut"),
			 0);
	assert_int_equal(spool_usage(settings.spool_dir, "damaged").files, 1);
	spool_names_free(&names);
	spool_close(&spool);
	sample_free(&s);
}

static void
a_large_mail_passes_the_buffer(void **state)
{
	(void)state;
	struct sample s;
	char block[1000];
	struct spool_batch b;
	sample_make(&s);

	settings.spool_max = 16 << 20;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 3000; i++)
		chain_append(&s.messages[1].raw,
			     (struct view){ block, sizeof(block) });
	struct spool *spool = spool_open(&settings);
	spool_write(spool, s.list, MAILS);
	/* batch_bytes parts them: the large one goes alone. */
	assert_int_equal(spool_usage(settings.spool_dir, "new").files, 3);
	struct spool_names names = spool_list(settings.spool_dir, "new");
	for (size_t i = 0; i < names.count; i++) {
		struct view bytes =
			spool_read_file(settings.spool_dir, "new", names.at[i]);
		spool_decode(bytes, &b);
		assert_false(b.is_damaged);
		assert_int_equal(b.count, 1);
		assert_int_equal(b.list[0]->message->raw.len,
				 s.messages[i].raw.len);
		spool_batch_free(&b);
		free((void *)bytes.at);
	}
	spool_names_free(&names);
	spool_close(&spool);
	sample_free(&s);
}

static void
a_full_spool_says_so(void **state)
{
	(void)state;
	struct sample s;
	sample_make(&s);

	settings.spool_max = 4000;
	struct spool *spool = spool_open(&settings);
	spool_write(spool, s.list, MAILS);
	for (int i = 0; i < MAILS; i++)
		assert_int_equal(s.messages[i].verdict, VERDICT_FULL);
	assert_int_equal(spool_usage(settings.spool_dir, "new").files, 0);
	spool_close(&spool);
	sample_free(&s);
}

static void
a_broken_spool_is_no_promise(void **state)
{
	(void)state;
	struct sample s;
	char path[SPOOL_PATH_SIZE];
	sample_make(&s);

	struct spool *spool = spool_open(&settings);
	spool_path(settings.spool_dir, "new", "", path);
	assert_int_equal(rmdir(path), 0);
	spool_write(spool, s.list, MAILS);
	for (int i = 0; i < MAILS; i++)
		assert_int_equal(s.messages[i].verdict, VERDICT_TRY_LATER);
	assert_int_equal(spool_usage(settings.spool_dir, "tmp").files, 0);
	spool_close(&spool);
	sample_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_change_of_any_byte_is_found),
		cmocka_unit_test(a_cut_anywhere_is_found),
		cmocka_unit_test_setup_teardown(a_batch_is_one_private_file,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_large_mail_passes_the_buffer,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_full_spool_says_so,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_broken_spool_is_no_promise,
						make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
