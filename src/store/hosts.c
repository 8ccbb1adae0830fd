/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which host may be tried when, and what the operator is told of it. A dead
 * host costs each worker one attempt a pause, and workers that lost it
 * together do not come back together. */
#include "store/hosts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/table.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_PAUSE_MS = 50, LONGEST_PAUSE_MS = 2000 };

/* xorshift64: spread, not secrecy. */
static uint64_t
draw(struct hosts *h)
{
	h->chance ^= h->chance << 13;
	h->chance ^= h->chance >> 7;
	h->chance ^= h->chance << 17;
	return h->chance;
}

void
hosts_init(struct hosts *h, const struct store_settings *settings,
	   uint64_t seed)
{
	assert(settings->host_count > 0);
	h->settings = settings;
	h->count = settings->host_count;
	h->at = memory_new(h->count, sizeof(*h->at));
	h->chance = seed | 1;
	for (int i = 0; i < 8; i++)
		draw(h);
	h->first = settings->order == STORE_ORDER_SPREAD ?
		   (size_t)(draw(h) % h->count) : 0;
	for (size_t i = 0; i < h->count; i++)
		h->at[i].pause_ms = FIRST_PAUSE_MS;
}

void
hosts_deinit(struct hosts *h)
{
	free(h->at);
	h->at = NULL;
}

size_t
hosts_order(const struct hosts *h, size_t k)
{
	return (h->first + k) % h->count;
}

bool
hosts_is_due(const struct hosts *h, size_t host, int64_t now_ms)
{
	return now_ms >= h->at[host].may_try_ms;
}

int64_t
hosts_jitter(struct hosts *h, int64_t ms)
{
	return ms / 2 + (int64_t)(draw(h) % (uint64_t)(ms / 2 + 1));
}

void
hosts_failed(struct hosts *h, size_t host, int64_t now_ms)
{
	struct host_state *state = &h->at[host];

	assert(host < h->count && state->pause_ms > 0);
	state->may_try_ms = now_ms + hosts_jitter(h, state->pause_ms);
	state->pause_ms *= 2;
	if (state->pause_ms > LONGEST_PAUSE_MS)
		state->pause_ms = LONGEST_PAUSE_MS;
}

void
hosts_worked(struct hosts *h, size_t host)
{
	h->at[host] = (struct host_state){ .pause_ms = FIRST_PAUSE_MS };
}

int64_t
hosts_next_ms(const struct hosts *h)
{
	int64_t next = h->at[0].may_try_ms;

	for (size_t i = 1; i < h->count; i++)
		if (h->at[i].may_try_ms < next)
			next = h->at[i].may_try_ms;
	return next;
}

/* ---- Whether somebody listens: a connect that nobody waits for ---------- */

/* Begins with the next address that does not fail at once. */
static void
connect_next(struct probe *p)
{
	const struct addrinfo *a;

	do {
		if (p->fd >= 0)
			close(p->fd);
		p->fd = -1;
		a = p->next;
		if (a == NULL)
			return;
		p->next = a->ai_next;
		p->fd = socket(a->ai_family,
			       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	} while (p->fd < 0 || (connect(p->fd, a->ai_addr, a->ai_addrlen) != 0 &&
			       errno != EINPROGRESS));
}

void
probe_start(struct probe *p, const struct store_host *host, int64_t until_ms)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	char port[16];

	probe_stop(p);
	p->until_ms = until_ms;
	snprintf(port, sizeof(port), "%u", host->port);
	if (getaddrinfo(host->name, port, &hints, &p->found) != 0)
		p->found = NULL;
	p->next = p->found;
	connect_next(p);
}

/* One address after the other, in the client library's order. */
enum probe_answer
probe_ask(struct probe *p)
{
	int error = 0;
	socklen_t size = sizeof(error);

	while (p->fd >= 0) {
		struct pollfd fd = { .fd = p->fd, .events = POLLOUT };
		if (poll(&fd, 1, 0) == 0) {
			if (clock_ms() < p->until_ms)
				return PROBE_WAITS;
			break;
		}
		if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error,
			       &size) == 0 && error == 0) {
			probe_stop(p);
			return PROBE_LISTENS;
		}
		connect_next(p);
	}
	probe_stop(p);
	return PROBE_SILENT;
}

void
probe_stop(struct probe *p)
{
	if (p->fd >= 0)
		close(p->fd);
	if (p->found != NULL)
		freeaddrinfo(p->found);
	*p = PROBE_NONE;
}

/* ---- What the operator is told ------------------------------------------ */

struct view
host_name(const struct store_settings *settings, size_t host)
{
	const char *name = settings->hosts[host].name;

	return name[0] != '\0' ? view_of(name) : VIEW("localhost");
}

void
host_report_status(struct scoreboard_slot *slot, const char *about, int error,
		  const char *text)
{
	char line[SLOT_ERROR_SIZE];

	snprintf(line, sizeof(line), "%s: %d %s", about, error, text);
	for (char *c = line; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	slot_set_error(slot, view_of(line));
}

/* What the operator types, or looks at. */
static const char *
remedy_of(int error, bool is_raw_table)
{
	switch (error) {
	case 1146:
		return is_raw_table ? "create the table: schema-raw.sql" :
				      "create the table: schema.sql";
	case 1049:
		return "create the database, or correct mysql.database";
	case 1044:
	case 1142:
	case 1143:
		return "GRANT SELECT, INSERT on the table to mysql.user";
	case 1045:
		return "correct mysql.user or mysql.password";
	case 1054:
	case 1364:
	case 1406:
		return is_raw_table ? "schema-raw.sql shows what it needs" :
				      "scripts/migrate shows the ALTER";
	default:
		return "see the server's words";
	}
}

void
host_report(const struct hosts *hosts, size_t host,
	    struct scoreboard_slot *slot, const struct store_fault *fault)
{
	const struct store_settings *settings = hosts->settings;
	struct host_state *state = &hosts->at[host];
	struct view name = host_name(settings, host);
	char table[2 * NAME_SIZE];

	if (outcome_of(fault->error)->action != ACTION_REREAD) {
		slot_set_error(slot, view_of(fault->text));
		if (state->logged_error == fault->error)
			return;
		state->logged_error = fault->error;
		log_warn("database host cannot be used",
			 LOG_VIEW("host", name),
			 LOG_NUM("error", fault->error),
			 LOG_STR("text", fault->text));
		return;
	}
	/* It is there, and takes no mail before somebody acts: one loud line
	 * of all processes, again each minute. */
	bool is_raw_table = fault->table == settings->raw_table;
	snprintf(table, sizeof(table), "%s.%s", settings->database,
		 is_raw_table ? settings->raw_table : settings->table);
	if (log_may_tell(TROUBLE_TABLE, fault->error))
		log_error("database host cannot be used",
			  LOG_VIEW("host", name), LOG_STR("table", table),
			  LOG_NUM("error", fault->error),
			  LOG_STR("text", fault->text),
			  LOG_STR("remedy", remedy_of(fault->error,
						      is_raw_table)));
	host_report_status(slot, table, fault->error, fault->text);
}
