/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store and the janitor at the end of a pipe, for tests that need a real
 * database but no SMTP. Settings are arguments (key=value), commands come as
 * lines, answers go out as lines:
 *     connect                          "up" or "down", and the size_limits
 *     save COUNT BYTES RCPTS KIND      a line "ID VERDICT ERROR" each
 *     load SECONDS BATCH BYTES         the same, batch after batch
 *     janitor SECONDS [STEP]           runs it that long, or kills it before
 *                                      or after its n-th step on disk or in
 *                                      the database
 *     die STEP                         the same for what comes next here
 *     stop_at MS                       the process is to end in so long
 *     domains | recipient KEY          what the two queries say
 *
 * and "done ..." ends each answer. Like delivery it holds what has no verdict
 * for hold_ms, then spools it or says LATER, or DOUBT (it may be there). */
#include "base/clock.h"
#include "store/spool.h"
#include "store/store.h"
#include "support/retention_domains.h"
#include "support/store_death.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 256, MOST_HOSTS = 8, PAUSE_MS = 20 };

struct driver {
	struct store_settings settings;
	struct store_host hosts[MOST_HOSTS];
	struct store *store;
	struct spool *spool;
	const char *client;
	struct mail mails[MOST];
	struct mail *list[MOST];
	struct message messages[MOST];
};

static const char *const verdicts[] = {
	[VERDICT_NONE] = "NONE", [VERDICT_STORED] = "STORED",
	[VERDICT_SPOOLED] = "SPOOLED", [VERDICT_DISCARDED] = "DISCARDED",
	[VERDICT_TRY_LATER] = "LATER", [VERDICT_FULL] = "FULL",
	[VERDICT_TOO_BIG] = "TOO_BIG", [VERDICT_HEADER_CHECK] = "HEADER",
	[VERDICT_LOOP] = "LOOP", [VERDICT_IN_DOUBT] = "DOUBT"
};

/* What a mail of each kind has where text may go wrong. */
static const struct {
	const char *name;
	const char *text;
	const char *raw;
} kinds[] = {
	{ "plain", "plain", "plain\r\n" },
	{ "emoji", "\xf0\x9f\x98\x80 g\xc3\xbcnstig",
	  "\xf0\x9f\x98\x80 g\xc3\xbcnstig\r\n" },
	{ "bytes", "\xc3\xa4", "\xff\xfe\x80 \xc3\xa4 \xf0\x9f\x98\x80\r\n" },
	{ "broken", "\xff\xed\xa0\x80 ok", "\xff\r\n" },
};

static size_t
kind_of(const char *name)
{
	size_t i = sizeof(kinds) / sizeof(kinds[0]);

	while (--i > 0 && strcmp(kinds[i].name, name) != 0)
		;
	return i;
}

static void
new_id(struct message *m)
{
	unsigned char random[8] = { 0 };

	if (getrandom(random, sizeof(random), 0) < 0)
		abort();
	m->complete_wall_us = clock_wall_us();
	m->complete_us = clock_us();
	snprintf(m->id, sizeof(m->id), "%012llx7%02x%02x%02x%02x%02x%02x%02x"
		 "00000", (unsigned long long)m->complete_wall_us / 1000 &
		 0xffffffffffffULL, random[0], random[1], random[2],
		 random[3], random[4], random[5], random[6]);
}

static void
add_recipients(struct message *m, size_t count)
{
	char text[64];

	for (size_t i = 0; i < count; i++) {
		struct recipient *r = arena_alloc(&m->arena, sizeof(*r));
		snprintf(text, sizeof(text), "User%zu@Example.com", i);
		r->address = arena_copy(&m->arena, view_of(text));
		snprintf(text, sizeof(text), "user%zu@example.com", i);
		r->key = arena_copy(&m->arena, view_of(text));
		snprintf(text, sizeof(text), "Delivered-To: user%zu\r\n", i);
		r->trace = arena_copy(&m->arena, view_of(text));
		if (m->envelope.last != NULL)
			m->envelope.last->next = r;
		else
			m->envelope.first = r;
		m->envelope.last = r;
		m->envelope.recipients++;
	}
}

static void
make_mail(struct driver *d, size_t i, size_t bytes, size_t recipients,
	  size_t kind)
{
	struct message *m = &d->messages[i];
	struct view text = view_of(kinds[kind].text);

	memset(m, 0, sizeof(*m));
	new_id(m);
	add_recipients(m, recipients);
	m->envelope.sender = VIEW("sender@example.org");
	m->helo = text;
	m->client.len = strchr(d->client, ':') != NULL ? 16 : 4;
	inet_pton(m->client.len == 4 ? AF_INET : AF_INET6, d->client,
		  m->client.bytes);
	while (m->raw.len < bytes)
		chain_append(&m->raw, view_of(kinds[kind].raw));
	d->mails[i] = (struct mail){
		.message = m, .from = VIEW("sender@example.org"),
		.subject = text, .body = text, .charset = VIEW("utf-8"),
		.content_type = VIEW("text/plain"), .spam_score = 1.5,
		.message_id = VIEW("<1@example.org>"), .has_attach = true
	};
	d->list[i] = &d->mails[i];
}

static size_t
undecided(const struct driver *d, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += d->messages[i].verdict == VERDICT_NONE;
	return n;
}

static void
pause_ms(int64_t ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* As delivery does: hold, then the spool, else 451. */
static void
deliver(struct driver *d, size_t count)
{
	int64_t until = clock_ms() + d->settings.hold_ms;

	for (;;) {
		store_save(d->store, d->list, count);
		if (undecided(d, count) == 0 || clock_ms() >= until)
			break;
		pause_ms(PAUSE_MS);
	}
	for (size_t i = 0; i < count; i++) {
		struct message *m = &d->messages[i];
		if (m->verdict != VERDICT_NONE)
			continue;
		store_hand_over(d->store, d->list[i], &m->arena);
		if (d->spool != NULL)
			spool_write(d->spool, &d->list[i], 1);
		else
			m->verdict = store_is_in_doubt(d->store, m) ?
				VERDICT_IN_DOUBT : VERDICT_TRY_LATER;
		store_forget(d->store, m);
	}
}

static void
answer(struct driver *d, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct message *m = &d->messages[i];
		printf("%s %s %d\n", m->id, verdicts[m->verdict], m->error);
		chain_free(&m->raw);
		arena_free(&m->arena);
	}
	fflush(stdout);
}

static void
save(struct driver *d, const char *line)
{
	size_t count = 1, bytes = 100, recipients = 1;
	char kind[16] = "plain";

	sscanf(line, "%zu %zu %zu %15s", &count, &bytes, &recipients, kind);
	if (count > MOST)
		count = MOST;
	int64_t began = clock_ms();
	for (size_t i = 0; i < count; i++)
		make_mail(d, i, bytes, recipients, kind_of(kind));
	deliver(d, count);
	answer(d, count);
	printf("done %lld\n", (long long)(clock_ms() - began));
}

static void
load(struct driver *d, const char *line)
{
	double seconds = 1;
	size_t batch = 8, bytes = 1000;

	sscanf(line, "%lf %zu %zu", &seconds, &batch, &bytes);
	if (batch > MOST)
		batch = MOST;
	int64_t until = clock_ms() + (int64_t)(seconds * 1000);
	while (clock_ms() < until) {
		for (size_t i = 0; i < batch; i++)
			make_mail(d, i, bytes, 1 + i % 3, 0);
		deliver(d, batch);
		answer(d, batch);
	}
	printf("done 0\n");
}

static void
run_janitor(struct driver *d, const char *line)
{
	double seconds = 0;
	long death = 0;

	sscanf(line, "%lf %ld", &seconds, &death);
	printf("done %d\n",
	       store_run_janitor(&d->settings, seconds, death));
}

static void
take_domain(void *context, struct view domain)
{
	(void)context;
	printf("domain %.*s\n", (int)domain.len, domain.at);
}

static void
look_up(struct driver *d, const char *key)
{
	struct view keys[2] = { view_of(key), VIEW("nobody@example.com") };
	signed char answers[2];

	store_find_recipients(d->store, keys, answers, 2);
	printf("done %d %d\n", answers[0], answers[1]);
}

static void
command(struct driver *d, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "connect") == 0) {
		bool is_up = store_connect(d->store);
		struct store_size_limits b = store_size_limits(d->store);
		printf("done %s %zu %zu %d %d\n", is_up ? "up" : "down",
		       b.max_message_bytes, b.max_address_chars,
		       b.has_utf8_addresses, b.is_known);
	} else if (strncmp(line, "save ", 5) == 0) {
		save(d, line + 5);
	} else if (strncmp(line, "load ", 5) == 0) {
		load(d, line + 5);
	} else if (strncmp(line, "janitor ", 8) == 0) {
		run_janitor(d, line + 8);
	} else if (strncmp(line, "die ", 4) == 0) {
		store_death_in(strtol(line + 4, NULL, 10));
		printf("done\n");
	} else if (strncmp(line, "stop_at ", 8) == 0) {
		store_stop_at(d->store, clock_ms() +
			      strtol(line + 8, NULL, 10));
		printf("done\n");
	} else if (strcmp(line, "domains") == 0) {
		printf("done %d\n", store_fetch_list(d->store,
			STORE_LIST_DOMAINS, take_domain,
							NULL));
	} else if (strncmp(line, "recipient ", 10) == 0) {
		look_up(d, line + 10);
	} else {
		printf("done what?\n");
	}
	fflush(stdout);
}

static void
add_host(struct driver *d, char *text)
{
	struct store_host *host = &d->hosts[d->settings.host_count++];
	char *colon = strrchr(text, ':');

	host->name = text;
	if (colon != NULL) {
		*colon = '\0';
		host->port = (unsigned)strtoul(colon + 1, NULL, 10);
	}
}

struct option {
	const char *name;
	const char **text;
	size_t *size;
	int64_t *ms;
};

static void
set(struct driver *d, char *argument)
{
	struct store_settings *s = &d->settings;
	const struct option options[] = {
		{ "socket", &s->socket, NULL, NULL },
		{ "user", &s->user, NULL, NULL },
		{ "client", &d->client, NULL, NULL },
		{ "password", &s->password, NULL, NULL },
		{ "database", &s->database, NULL, NULL },
		{ "table", &s->table, NULL, NULL },
		{ "raw_table", &s->raw_table, NULL, NULL },
		{ "spool_dir", &s->spool_dir, NULL, NULL },
		{ "tls_ca", &s->tls_ca, NULL, NULL },
		{ "domains_query", &s->domains_query, NULL, NULL },
		{ "recipient_query", &s->recipient_query, NULL, NULL },
		{ "batch_rows", NULL, &s->batch_rows, NULL },
		{ "batch_bytes", NULL, &s->batch_bytes, NULL },
		{ "transaction_bytes", NULL, &s->transaction_bytes, NULL },
		{ "message_size", NULL, &s->message_size, NULL },
		{ "spool_max", NULL, &s->spool_max, NULL },
		{ "connect_timeout", NULL, NULL, &s->connect_timeout_ms },
		{ "timeout", NULL, NULL, &s->timeout_ms },
		{ "max_age", NULL, NULL, &s->max_age_ms },
		{ "hold", NULL, NULL, &s->hold_ms },
		{ "retention", NULL, NULL, &s->retention_ms },
		{ "set_aside", NULL, NULL, &s->set_aside_ms },
	};
	char *value = strchr(argument, '=');

	if (value == NULL)
		exit(2);
	*value++ = '\0';
	if (strcmp(argument, "host") == 0)
		add_host(d, value);
	else if (strcmp(argument, "retention_domains") == 0)
		retention_domains_set(s, value);
	else if (strcmp(argument, "spool") == 0)
		s->on_outage = STORE_OUTAGE_SPOOL;
	else if (strcmp(argument, "spread") == 0)
		s->order = STORE_ORDER_SPREAD;
	else if (strcmp(argument, "tls") == 0)
		s->has_tls = true;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(argument, options[i].name) != 0)
			continue;
		if (options[i].text != NULL)
			*options[i].text = value;
		else if (options[i].size != NULL)
			*options[i].size = strtoul(value, NULL, 10);
		else
			*options[i].ms = strtoll(value, NULL, 10);
	}
}

int
main(int argc, char **argv)
{
	static struct driver d = { .client = "192.0.2.7" };
	char line[256];

	d.settings = (struct store_settings){
		.hosts = d.hosts, .socket = "", .user = "root", .password = "",
		.database = "", .table = "new_mail", .raw_table = "",
		.tls_ca = "", .connect_timeout_ms = 2000, .timeout_ms = 10000,
		.max_age_ms = 3600000, .batch_rows = 32, .hold_ms = 5000,
		.batch_bytes = 1 << 20, .transaction_bytes = 100 << 20,
		.message_size = 25 << 20, .set_aside_ms = 6 * 3600 * 1000,
		.spool_dir = "/nonexistent", .spool_max = 1 << 30,
		.domains_query = "", .recipient_query = "", .lookup_ms = 5000
	};
	for (int i = 1; i < argc; i++)
		set(&d, argv[i]);
	if (d.settings.host_count == 0)
		d.hosts[d.settings.host_count++].name = "";
	store_warm_up();
	d.store = store_new(&d.settings, NULL);
	if (d.settings.on_outage == STORE_OUTAGE_SPOOL &&
	    (d.spool = spool_open(&d.settings)) == NULL)
		return 1;
	/* What has come must be seen by poll, while a janitor runs. */
	setvbuf(stdin, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), stdin) != NULL)
		command(&d, line);
	spool_close(&d.spool);
	store_free(&d.store);
	return 0;
}
