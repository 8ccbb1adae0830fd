/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/worker_doubles.h"

atomic_bool is_up;
atomic_bool is_slow;             /* store_save takes a while */
atomic_bool is_stuck;            /* ids with an 's' get no verdict */
atomic_int saves;
atomic_int largest_batch;
atomic_int forgotten;
atomic_int spooled;
atomic_bool is_in_doubt;
atomic_bool is_refusing;         /* the reader, whatever it reads */
static atomic_bool was_up;              /* when it was last asked */
atomic_int connects;             /* tried while it is down */
atomic_llong may_try_ms;         /* 0: at any time */
char saved[MOST * 4][MAIL_ID_LEN + 1];
atomic_int saved_count;
struct store {
	int nothing;
};

static struct store the_store;

struct store *
store_new(const struct store_settings *settings, struct scoreboard_slot *slot)
{
	(void)settings;
	(void)slot;
	return &the_store;
}

void
store_free(struct store **s)
{
	*s = NULL;
}

struct store_size_limits
store_size_limits(const struct store *s)
{
	(void)s;
	return (struct store_size_limits){ .max_message_bytes = 1000,
					   .is_known = true };
}

bool
store_connect(struct store *s)
{
	(void)s;
	connects += !is_up;
	was_up = is_up;
	return is_up;
}

int64_t
store_next_try_ms(const struct store *s)
{
	(void)s;
	return was_up ? 0 : may_try_ms != 0 ? may_try_ms : clock_ms();
}

bool
store_is_up(const struct store *s)
{
	(void)s;
	return is_up;
}

/* By rows and bytes alone, as test_settings has them. */
bool
store_batch_add(struct store *s, struct store_batch *b,
		const struct mail *mail)
{
	const struct message *m = mail->message;
	size_t rows = b->rows + m->envelope.recipients;
	size_t bytes = b->bytes + m->raw.len * m->envelope.recipients;

	(void)s;
	if (b->rows > 0 && (rows > test_settings.store.batch_rows ||
			    bytes > test_settings.store.batch_bytes))
		return false;
	b->rows = rows;
	b->bytes = bytes;
	return true;
}

void
store_save(struct store *s, struct mail *const *mails, size_t count)
{
	(void)s;
	saves++;
	if ((int)count > largest_batch)
		largest_batch = (int)count;
	if (is_slow)
		usleep(20000);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(mails[i]->message->verdict, VERDICT_NONE);
		if (!is_up || (is_stuck && mails[i]->message->id[0] == 's'))
			continue;
		memcpy(saved[saved_count++], mails[i]->message->id,
		       MAIL_ID_LEN);
		mails[i]->message->verdict = VERDICT_STORED;
	}
}

bool
store_is_in_doubt(const struct store *s, const struct message *m)
{
	(void)s;
	(void)m;
	return is_in_doubt;
}

void
store_stop_at(struct store *s, int64_t at_ms)
{
	(void)s;
	(void)at_ms;
}

void
store_hand_over(const struct store *s, struct mail *mail, struct arena *arena)
{
	(void)s;
	(void)mail;
	(void)arena;
}

void
store_forget(struct store *s, const struct message *m)
{
	(void)s;
	(void)m;
	forgotten++;
}

void
store_find_recipients(struct store *s, const struct view *keys,
		      signed char *answers, size_t count)
{
	(void)s;
	for (size_t i = 0; i < count; i++)
		answers[i] = keys[i].at[0] == 'k';
}

bool
store_fetch_list(struct store *s, enum store_list which,
		 void (*take)(void *, struct view), void *context)
{
	(void)s;
	if (which == STORE_LIST_BLOCKED) {
		take(context, VIEW("Spam@A.Example"));
		take(context, VIEW("*.below.example"));
		take(context, VIEW("not a domain"));
		take(context, VIEW("*"));
		return true;
	}
	take(context, VIEW("From.Query.Example"));
	take(context, VIEW("*.below.example"));
	take(context, VIEW("not a domain"));
	return true;
}

struct spool *
spool_open(const struct store_settings *settings)
{
	return (struct spool *)settings->spool_dir;
}

void
spool_close(struct spool **s)
{
	*s = NULL;
}

void
spool_write(struct spool *s, struct mail *const *mails, size_t count)
{
	(void)s;
	for (size_t i = 0; i < count; i++)
		mails[i]->message->verdict = VERDICT_SPOOLED;
	spooled += (int)count;
}

struct mail_reader *
mail_reader_new(const struct worker_settings *settings,
		const struct child_context *context)
{
	(void)context;
	return (struct mail_reader *)settings;
}

void
mail_reader_free(struct mail_reader **r)
{
	*r = NULL;
}

void
mail_reader_set_domains(struct mail_reader *r, const struct domains *more)
{
	(void)r;
	assert_true(domains_match(more, VIEW("from.query.example")));
	assert_true(domains_match(more, VIEW("x.below.example")));
}

void
mail_reader_set_blocked(struct mail_reader *r, const struct domains *more)
{
	(void)r;
	assert_int_equal(domains_count(more), 2);
}

enum verdict
mail_reader_read(struct mail_reader *r, struct message *message,
		 struct arena *arena, struct mail *mail)
{
	(void)r;
	(void)arena;
	*mail = (struct mail){ .message = message };
	return message->id[0] == 'r' || is_refusing ? VERDICT_HEADER_CHECK :
						      VERDICT_NONE;
}

/* ---- Messages in, verdicts out ------------------------------------------ */

struct worker_settings test_settings;
struct child_context test_context;

/* What came with others, and was not asked for yet. */
static struct queue_link *left;

static void
free_news(struct queue_link *link)
{
	domains_free(&((struct delivery_news *)link)->domains);
	free(link);
}

int
set_up_doubles(void **state)
{
	(void)state;
	test_settings = (struct worker_settings){
		.store = { .batch_rows = 8, .batch_bytes = 1000,
			   .hold_ms = 300, .spool_dir = "spool" },
	};
	is_up = true;
	is_slow = false;
	is_stuck = false;
	is_in_doubt = false;
	is_refusing = false;
	may_try_ms = 0;
	connects = 0;
	while (left != NULL) {
		struct queue_link *next = left->next;
		free_news(left);
		left = next;
	}
	saves = largest_batch = forgotten = spooled = saved_count = 0;
	return 0;
}

struct message *
new_message(char kind, int number, size_t recipients)
{
	static struct recipient somebody;
	struct message *m = calloc(1, sizeof(*m));

	snprintf(m->id, sizeof(m->id), "%c%031d", kind, number);
	m->envelope.first = m->envelope.last = &somebody;
	m->envelope.recipients = recipients;
	m->complete_us = clock_us();
	assert_true(chain_append(&m->raw, VIEW("0123456789")));
	return m;
}

void
submit(struct delivery *d, struct message *m)
{
	delivery_submit(d, m);
	delivery_begin(d);
}

struct queue_link *
next_result(struct delivery *d, enum delivery_kind kind)
{
	struct queue *results = delivery_results(d);
	struct pollfd fd = { .fd = results->descriptor, .events = POLLIN };

	for (;;) {
		while (left == NULL) {
			if (queue_may_wait(results))
				assert_int_equal(poll(&fd, 1, 5000), 1);
			left = queue_take_all(results);
		}
		struct queue_link *link = left;
		left = link->next;
		if (link->kind == (int)kind)
			return link;
		assert_int_equal(link->kind, DELIVERY_NEWS);
		free_news(link);
	}
}

void
expect_verdicts(struct delivery *d, int count, enum verdict verdict)
{
	while (count-- > 0) {
		struct message *m = (struct message *)
			next_result(d, DELIVERY_MESSAGE);
		assert_int_equal(m->verdict, verdict);
		chain_free(&m->raw);
		free(m);
	}
	/* None came twice. */
	for (struct queue_link *l = left; l != NULL; l = l->next)
		assert_int_not_equal(l->kind, DELIVERY_MESSAGE);
}
