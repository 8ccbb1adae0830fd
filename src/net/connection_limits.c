/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In memory shared by all workers: each adds to its own region, then reads the
 * sum of all. So two that admit at the same moment see each other, and no sum
 * is left wrong by a process that was killed: the master empties its region. */
#include "net/connection_limits.h"

#include "base/address.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/shared_memory.h"
#include "net/connection_table.h"
#include "net/recipient_rates.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

/* LAYOUT is raised with every change of what lies in a region, and how it is
 * found: an upgrade to a program with another begins with empty ones. */
enum { SMALLEST_TABLE = 256, LAYOUT = 5 };

/* Each has a sketch in each region. */
enum rate_kind { RATE_RECIPIENT, RATE_DOMAIN, RATE_KINDS };

struct connection_limits {
	struct connection_limits_handle h;
	size_t entries;
	size_t stride;                  /* bytes from region to region */
	void *shared;
	bool *is_taken;                 /* the master's alone */
};

static struct connection_table
region_of(const struct connection_limits *c, unsigned number)
{
	assert(number < c->h.regions);
	return (struct connection_table){
		.at = (void *)((char *)c->shared + number * c->stride),
		.entries = c->entries,
		.secret = c->h.secret,
	};
}

/* The sketch of that kind, behind the region's table of connections. */
static struct recipient_rates *
region_rates(const struct connection_limits *c, unsigned i, enum rate_kind kind)
{
	return (void *)((char *)region_of(c, i).at +
			connection_table_size(c->entries) +
			kind * recipient_rates_size());
}

/* A power of two of which at most a quarter is ever in use, even if one
 * worker has all connections. */
static size_t
table_entries(size_t connections)
{
	size_t entries = SMALLEST_TABLE;

	while (entries / 4 < connections && entries < SIZE_MAX / 64)
		entries *= 2;
	return entries;
}

/* Bytes of all regions; 0 where no memory can hold them. */
static size_t
size_of(const struct connection_limits_handle *h)
{
	size_t stride = connection_table_size(table_entries(h->connections)) +
			RATE_KINDS * recipient_rates_size();

	return h->regions > 0 && stride <= SIZE_MAX / 2 / h->regions
		? stride * h->regions : 0;
}

static struct connection_limits *
map(const struct connection_limits_handle *h)
{
	size_t size = size_of(h);

	void *shared = shared_memory_map(h->fd, size, PROT_READ | PROT_WRITE);
	if (shared == NULL)
		return NULL;
	struct connection_limits *c = memory_new(1, sizeof(*c));
	*c = (struct connection_limits){
		.h = *h,
		.entries = table_entries(h->connections),
		.stride = size / h->regions,
		.shared = shared,
		.is_taken = memory_new(h->regions, sizeof(*c->is_taken)),
	};
	return c;
}

struct connection_limits *
connection_limits_new(unsigned regions, size_t connections)
{
	struct connection_limits_handle h = { .layout = LAYOUT,
					      .regions = regions,
					      .connections = connections };
	size_t size = size_of(&h);

	assert(regions > 0);
	if (getrandom(h.secret, sizeof(h.secret), 0) !=
	    (ssize_t)sizeof(h.secret))
		return NULL;
	if (size == 0) {
		errno = ENOMEM;
		return NULL;
	}
	h.fd = shared_memory_open("guerrilla-smtpd connection limits", size);
	if (h.fd < 0)
		return NULL;
	struct connection_limits *c = map(&h);
	if (c == NULL)
		close_keeping_errno(h.fd);
	return c;
}

void
connection_limits_free(struct connection_limits **c)
{
	if (*c == NULL)
		return;
	munmap((*c)->shared, size_of(&(*c)->h));
	close((*c)->h.fd);
	free((*c)->is_taken);
	free(*c);
	*c = NULL;
}

int
connection_limits_remap(const struct connection_limits *c, unsigned region)
{
	const struct shared_part own = { region * c->stride, c->stride };

	return shared_memory_remap(c->shared, size_of(&c->h), c->h.fd, &own);
}

void
connection_limits_hand_over(const struct connection_limits *c,
			    struct connection_limits_handle *out)
{
	*out = c->h;
}

/* The numbers come from another program's master, not from a worker; the
 * size of the file proves them all the same. */
struct connection_limits *
connection_limits_adopt(const struct connection_limits_handle *h)
{
	if (h->layout != LAYOUT || size_of(h) == 0) {
		errno = EPROTO;
		return NULL;
	}
	fcntl(h->fd, F_SETFD, FD_CLOEXEC);
	return map(h);
}

bool
connection_limits_retake_region(struct connection_limits *c, int region)
{
	if (region < 0 || (unsigned)region >= c->h.regions ||
	    c->is_taken[region])
		return false;
	c->is_taken[region] = true;
	return true;
}

int
connection_limits_take_region(struct connection_limits *c)
{
	for (unsigned i = 0; i < c->h.regions; i++) {
		if (c->is_taken[i])
			continue;
		c->is_taken[i] = true;
		return (int)i;
	}
	return -1;
}

void
connection_limits_clear_region(struct connection_limits *c, unsigned region,
			       bool has_ended_well, int64_t now_ms)
{
	uint64_t next = (uint64_t)now_ms / MINUTE_MS + 1;

	connection_table_clear(region_of(c, region), next);
	uint64_t from = has_ended_well ? next : 0;
	for (int kind = 0; kind < RATE_KINDS; kind++)
		recipient_rates_clear(region_rates(
			c, region, (enum rate_kind)kind), from);
	c->is_taken[region] = false;
}

/* ---- Sums --------------------------------------------------------------- */

/* What another worker wrote is not believed: no more than what is one too
 * many. */
static size_t
at_most(uint64_t count, const struct connection_limits *c)
{
	return count <= c->h.connections ? (size_t)count : c->h.connections + 1;
}

size_t
connection_limits_total(const struct connection_limits *c)
{
	size_t total = 0;

	for (unsigned i = 0; i < c->h.regions; i++)
		total += at_most(connection_table_total(region_of(c, i)), c);
	return total;
}

size_t
connection_count(const struct connection_counter *s)
{
	return (size_t)connection_table_total(
		region_of(s->connection_limits, s->region));
}

size_t
connection_addresses(const struct connection_counter *s)
{
	return (size_t)connection_table_addresses(
		region_of(s->connection_limits, s->region));
}

size_t
connection_addresses_limit(const struct connection_counter *s)
{
	return s->connection_limits->entries;
}

/* ---- Admission ---------------------------------------------------------- */

/* ::/64 stands with its neighbour, which is as little the net of a client:
 * regions know no key 0. */
static uint64_t
key_of(const struct address *a)
{
	uint64_t key = address_limit_key(a);

	return key != 0 ? key : 1;
}

/* Whether the address began too many. If not, this one is noted. */
static bool
is_too_fast(const struct connection_counter *s, uint64_t key, int64_t now_ms)
{
	const struct connection_limits *c = s->connection_limits;
	struct connection_table ours = region_of(c, s->region);
	uint64_t minute = (uint64_t)now_ms / MINUTE_MS;
	struct connection_rate sum = { 0, 0 };

	if (s->limits.rate_per_ip == 0)
		return false;
	connection_table_note(ours, key, minute, 1);
	for (unsigned i = 0; i < c->h.regions; i++) {
		struct connection_rate rate =
			connection_table_rate(region_of(c, i), key, minute);
		sum.now += rate.now;
		sum.before += rate.before;
	}
	if (connection_rate_of_last_minute(sum, now_ms) <=
	    s->limits.rate_per_ip)
		return false;
	connection_table_note(ours, key, minute, -1);
	return true;
}

enum connection_verdict
connection_admit(const struct connection_counter *s,
		 const struct address *client, int64_t now_ms)
{
	const struct connection_limits *c = s->connection_limits;
	struct connection_table ours = region_of(c, s->region);
	size_t most = s->limits.connections_per_ip, count = 0;
	enum connection_verdict verdict = CONNECTION_OK;
	uint64_t key = key_of(client);

	connection_table_add(ours, 1);
	if (connection_limits_total(c) > s->limits.connections ||
	    (!client->is_local && !connection_table_enter(ours, key)))
		verdict = CONNECTION_FULL;
	if (verdict == CONNECTION_OK && !client->is_local) {
		for (unsigned i = 0; i < c->h.regions && most > 0; i++)
			count += at_most(connection_table_count(
				region_of(c, i), key), c);
		if (count > most)
			verdict = CONNECTION_PER_IP;
		else if (is_too_fast(s, key, now_ms))
			verdict = CONNECTION_RATE;
		if (verdict != CONNECTION_OK)
			connection_table_leave(ours, key);
	}
	if (verdict != CONNECTION_OK)
		connection_table_add(ours, -1);
	return verdict;
}

void
connection_release(const struct connection_counter *s,
		   const struct address *client)
{
	struct connection_table ours =
		region_of(s->connection_limits, s->region);

	if (!client->is_local)
		connection_table_leave(ours, key_of(client));
	connection_table_add(ours, -1);
}

/* ---- Mail of one recipient, and of one domain --------------------------- */

struct rated {
	enum rate_kind kind;
	size_t most;                    /* 0: it is not counted */
	struct view key;
};

static void
rate_what(const struct connection_counter *s, struct view address,
	  struct rated out[RATE_KINDS])
{
	size_t at = view_find_last(address, '@');

	out[0] = (struct rated){ RATE_RECIPIENT, s->limits.rate_per_recipient,
				 address };
	out[1] = (struct rated){ RATE_DOMAIN, s->limits.rate_per_domain,
				 view_slice(address, at, address.len) };
}

/* Notes one more, unless that is too many. */
static bool
is_within(const struct connection_counter *s, const struct rated *what,
	  int64_t now_ms)
{
	const struct connection_limits *c = s->connection_limits;
	struct recipient_rates *ours = region_rates(c, s->region, what->kind);
	const struct recipient_regions all = { region_rates(c, 0, what->kind),
					       c->stride, c->h.regions };
	uint64_t minute = (uint64_t)now_ms / MINUTE_MS;

	if (what->most == 0)
		return true;
	struct recipient_cells cells =
		recipient_cells_of(what->key, c->h.secret);
	recipient_rates_note(ours, &cells, minute);
	struct connection_rate sum = recipient_rates_sum(all, &cells, minute);
	if (connection_rate_of_last_minute(sum, now_ms) <= what->most)
		return true;
	recipient_rates_take_back(ours, &cells, minute);
	return false;
}

static void
take_back(const struct connection_counter *s, const struct rated *what,
	  int64_t then_ms)
{
	const struct connection_limits *c = s->connection_limits;

	if (what->most == 0)
		return;
	struct recipient_cells cells =
		recipient_cells_of(what->key, c->h.secret);
	recipient_rates_take_back(region_rates(c, s->region, what->kind),
				  &cells, (uint64_t)then_ms / MINUTE_MS);
}

bool
recipient_admit(const struct connection_counter *s, struct view address,
		int64_t now_ms)
{
	struct rated what[RATE_KINDS];

	rate_what(s, address, what);
	if (!is_within(s, &what[0], now_ms))
		return false;
	if (is_within(s, &what[1], now_ms))
		return true;
	take_back(s, &what[0], now_ms);
	return false;
}

void
recipient_release(const struct connection_counter *s, struct view address,
		  int64_t then_ms)
{
	struct rated what[RATE_KINDS];

	rate_what(s, address, what);
	for (int i = 0; i < RATE_KINDS; i++)
		take_back(s, &what[i], then_ms);
}
