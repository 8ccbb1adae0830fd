/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spool files of every version: what a program wrote once is read for ever,
 * and what a newer one adds does no harm. */
#include "store/spool_encode.h"
#include "support/spool_bytes.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
print_view(FILE *f, const char *name, struct view v)
{
	fprintf(f, "%s=", name);
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.at[i];
		if (c < ' ' || c > '~')
			fprintf(f, "\\%02x", c);
		else
			fputc(c, f);
	}
	fputc('\n', f);
}

/* By name, one after the other: what later layouts add does not change it. */
static void
print_mail(FILE *f, const struct mail *mail)
{
	const struct message *m = mail->message;
	char raw[2048];
	size_t len = chain_copy(&m->raw, 0, m->raw.len, raw);

	fprintf(f, "id=%s\ntime=%lld\n", m->id,
		(long long)m->complete_wall_us);
	print_view(f, "client", (struct view){ (const char *)m->client.bytes,
					       m->client.len });
	print_view(f, "sender", m->envelope.sender);
	print_view(f, "helo", m->helo);
	print_view(f, "protocol", m->protocol);
	print_view(f, "tls", m->tls);
	print_view(f, "from", mail->from);
	print_view(f, "subject", mail->subject);
	print_view(f, "body", mail->body);
	print_view(f, "charset", mail->charset);
	print_view(f, "content_type", mail->content_type);
	print_view(f, "message_id", mail->message_id);
	print_view(f, "reply_to", mail->reply_to);
	print_view(f, "sender_field", mail->sender);
	if (mail->in_doubt.len > 0)
		print_view(f, "in_doubt", mail->in_doubt);
	fprintf(f, "score=%g\nattach=%d\n", mail->spam_score,
		mail->has_attach);
	for (const struct recipient *r = m->envelope.first; r != NULL;
	     r = r->next) {
		print_view(f, "recipient", r->address);
		print_view(f, "key", r->key);
		print_view(f, "trace", r->trace);
		fprintf(f, "discarded=%d\n", r->is_discarded);
	}
	print_view(f, "raw", (struct view){ raw, len });
}

static struct view
read_whole(const char *path)
{
	static char bytes[65536];
	FILE *f = fopen(path, "r");

	if (f == NULL)
		fail_msg("cannot open %s", path);
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	return (struct view){ bytes, n };
}

static void
check_kept(const char *path, unsigned layout)
{
	char expected[512];
	char *text = NULL;
	size_t len = 0;
	struct spool_batch b;

	spool_decode(read_whole(path), &b);
	assert_int_equal(b.layout, layout);
	assert_false(b.is_damaged);
	FILE *f = open_memstream(&text, &len);
	for (size_t i = 0; i < b.count; i++)
		print_mail(f, b.list[i]);
	fclose(f);
	spool_batch_free(&b);
	snprintf(expected, sizeof(expected), "%.*s.expect",
		 (int)(strlen(path) - strlen(".spool")), path);
	struct view want = read_whole(expected);
	if (want.len != len || memcmp(want.at, text, len) != 0) {
		fwrite(text, 1, len, stderr);
		fail_msg("%s is read otherwise", path);
	}
	free(text);
}

/* Files that programs of each layout wrote. */
static void
every_layout_that_was_used_is_read(void **state)
{
	(void)state;
	char pattern[64];

	for (unsigned layout = 1; layout <= SPOOL_LAYOUT; layout++) {
		glob_t found;
		snprintf(pattern, sizeof(pattern), "tests/spool/%u/*.spool",
			 layout);
		if (glob(pattern, 0, NULL, &found) != 0)
			fail_msg("there is no %s", pattern);
		for (size_t i = 0; i < found.gl_pathc; i++)
			check_kept(found.gl_pathv[i], layout);
		globfree(&found);
	}
}

/* The first message of a kept file, with a field in front that a newer
 * program might have written. */
static struct spool_bytes
with_field(struct view field)
{
	char line[SPOOL_MESSAGE_LINE_LEN + 1];
	unsigned long long sum = spool_checksum_start(SPOOL_LAYOUT);
	struct spool_batch kept;
	struct spool_bytes out = { NULL, 0, 0 };

	spool_decode(read_whole("tests/spool/2/all_fields.spool"), &kept);
	struct spool_bytes one = spool_bytes_of(kept.list, 1);
	spool_batch_free(&kept);
	size_t head = strcspn(one.at, "\n") + 1;
	size_t from = head + SPOOL_MESSAGE_LINE_LEN;
	struct view old = { one.at + from,
			    one.len - from - SPOOL_LAST_LINE_LEN };
	sum = spool_checksum(SPOOL_LAYOUT, sum, field);
	sum = spool_checksum(SPOOL_LAYOUT, sum, old);
	snprintf(line, sizeof(line), SPOOL_MESSAGE_LINE, field.len + old.len,
		 sum);
	spool_bytes_add(&out, (struct view){ one.at, head });
	spool_bytes_add(&out, view_of(line));
	spool_bytes_add(&out, field);
	spool_bytes_add(&out, old);
	spool_bytes_add(&out, VIEW("end 00000001\n"));
	free(one.at);
	return out;
}

static void
a_field_of_a_newer_program_is_passed_over(void **state)
{
	(void)state;
	static const struct {
		const char *field;
		bool is_sound;
	} cases[] = {
		{ "", true },
		{ "x-test 5\nhello\n", true },
		{ "mail-index 0\n\n", true },
		{ "helo 3\none\n", true },        /* the later one counts */
		{ "spam-score 3\nlow\n", false },
		{ "x-test 9999\nhello\n", false },
		{ "x-test\n", false },
		{ "recipient 1\nx\n", false },    /* more than were announced */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spool_batch b;
		struct spool_bytes f = with_field(view_of(cases[i].field));
		spool_decode((struct view){ f.at, f.len }, &b);
		if (b.is_damaged == cases[i].is_sound ||
		    b.count != cases[i].is_sound)
			fail_msg("case %zu: %zu", i, b.count);
		spool_batch_free(&b);
		free(f.at);
	}
}

static void
a_newer_layout_is_not_damaged(void **state)
{
	(void)state;
	struct spool_batch b;

	spool_decode(VIEW("guerrilla-smtpd spool 77\nwho knows"), &b);
	assert_int_equal(b.layout, 77);
	assert_int_equal(b.count, 0);
	assert_false(b.is_damaged);
	spool_batch_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_that_was_used_is_read),
		cmocka_unit_test(a_field_of_a_newer_program_is_passed_over),
		cmocka_unit_test(a_newer_layout_is_not_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
