/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections in all and by address, in memory shared by all workers: each
 * adds to its own region, then reads the sum of all. So two that admit at
 * the same moment see each other, and no sum is left wrong by a process that
 * was killed between two instructions: the master empties its region. */
#include "net/census.h"

#include "base/memory.h"
#include "net/address.h"
#include "net/census_region.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALLEST_TABLE = 256, PAGE = 4096, MINUTE_MS = 60000 };

/* Raised with every change of what lies in a region, and how it is found:
 * an upgrade to a program with another number begins a new census. */
enum { LAYOUT = 1 };

struct census {
	struct census_shape shape;
	int fd;                         /* -1: none */
	unsigned regions;
	size_t connections;
	size_t stride;                  /* bytes from region to region */
	void *shared;
	bool *is_taken;                 /* the master's alone */
};

static struct census_region *
region_of(const struct census *c, unsigned number)
{
	assert(number < c->regions);
	return (void *)((char *)c->shared + number * c->stride);
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

static size_t
stride_of(const struct census_shape *shape)
{
	return (census_region_size(shape) + PAGE - 1) / PAGE * PAGE;
}

/* A file without a name, which nobody can cut under those who map it; -1
 * where the system has none: then it cannot be handed over. */
static int
open_nameless(size_t size)
{
#ifdef F_ADD_SEALS
	int fd = memfd_create("guerrilla-smtpd census",
			      MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0)
		return fd;
	close(fd);
#endif
	return -1;
}

static struct census *
map(const struct census_handle *h)
{
	const struct census_shape shape = {
		.entries = table_entries(h->connections),
		.secret = { h->secret[0], h->secret[1] },
	};
	size_t stride = stride_of(&shape);
	int kind = h->fd >= 0 ? 0 : MAP_ANONYMOUS;

	/* Pages are used only as addresses are written into them. */
	void *shared = mmap(NULL, stride * h->regions, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_NORESERVE | kind, h->fd, 0);
	if (shared == MAP_FAILED)
		return NULL;
	struct census *c = memory_new(1, sizeof(*c));
	*c = (struct census){ .shape = shape, .fd = h->fd,
			      .regions = h->regions,
			      .connections = h->connections,
			      .stride = stride, .shared = shared };
	c->is_taken = memory_new(h->regions, sizeof(*c->is_taken));
	return c;
}

/* Bytes of all regions; 0 where no memory can hold them. */
static size_t
size_of(unsigned regions, size_t connections)
{
	const struct census_shape shape = {
		.entries = table_entries(connections) };
	size_t stride = stride_of(&shape);

	return regions > 0 && stride <= SIZE_MAX / 2 / regions
		? stride * regions : 0;
}

struct census *
census_new(unsigned regions, size_t connections)
{
	struct census_handle h = { .regions = regions,
				   .connections = connections };
	size_t size = size_of(regions, connections);

	assert(regions > 0);
	if (getrandom(h.secret, sizeof(h.secret), 0) !=
	    (ssize_t)sizeof(h.secret))
		return NULL;
	if (size == 0) {
		errno = ENOMEM;
		return NULL;
	}
	h.fd = open_nameless(size);
	struct census *c = map(&h);
	int error = errno;
	if (c == NULL && h.fd >= 0)
		close(h.fd);
	errno = error;
	return c;
}

void
census_free(struct census **c)
{
	if (*c == NULL)
		return;
	munmap((*c)->shared, (*c)->stride * (*c)->regions);
	if ((*c)->fd >= 0)
		close((*c)->fd);
	free((*c)->is_taken);
	free(*c);
	*c = NULL;
}

int
census_hand_over(const struct census *c, struct census_handle *out)
{
	if (c->fd < 0)
		return -1;
	*out = (struct census_handle){
		.fd = c->fd, .layout = LAYOUT, .regions = c->regions,
		.connections = c->connections,
		.secret = { c->shape.secret[0], c->shape.secret[1] },
	};
	return 0;
}

/* The numbers come from another program's master, not from a worker; the
 * size of the file proves them all the same. */
struct census *
census_adopt(const struct census_handle *h)
{
	size_t size = size_of(h->regions, h->connections);
	struct stat st;

	if (h->layout != LAYOUT || size == 0 || fstat(h->fd, &st) != 0 ||
	    st.st_size != (off_t)size) {
		errno = EPROTO;
		return NULL;
	}
	fcntl(h->fd, F_SETFD, FD_CLOEXEC);
	return map(h);
}

bool
census_retake_region(struct census *c, int region)
{
	if (region < 0 || (unsigned)region >= c->regions ||
	    c->is_taken[region])
		return false;
	c->is_taken[region] = true;
	return true;
}

int
census_take_region(struct census *c)
{
	for (unsigned i = 0; i < c->regions; i++) {
		if (c->is_taken[i])
			continue;
		c->is_taken[i] = true;
		return (int)i;
	}
	return -1;
}

void
census_clear_region(struct census *c, unsigned region)
{
	census_region_clear(&c->shape, region_of(c, region));
	c->is_taken[region] = false;
}

/* ---- Sums --------------------------------------------------------------- */

size_t
census_total(const struct census *c)
{
	size_t total = 0;

	for (unsigned i = 0; i < c->regions; i++)
		total += census_region_total(region_of(c, i));
	return total;
}

static size_t
count_of(const struct census *c, uint64_t key)
{
	size_t count = 0;

	for (unsigned i = 0; i < c->regions; i++)
		count += census_region_count(&c->shape, region_of(c, i), key);
	return count;
}

/* How many the address began in the last 60 s: those of this minute, and of
 * the one before the part that is not yet 60 s ago, taking them as spread
 * evenly; rounded up. */
static size_t
began_lately(const struct census *c, uint64_t key, int64_t now_ms)
{
	uint64_t minute = (uint64_t)now_ms / MINUTE_MS;
	uint64_t left = MINUTE_MS - (uint64_t)now_ms % MINUTE_MS;
	uint64_t now = 0, before = 0;

	for (unsigned i = 0; i < c->regions; i++) {
		struct census_rate rate = census_region_rate(
				&c->shape, region_of(c, i), key, minute);
		now += rate.now;
		before += rate.before;
	}
	return now + (before * left + MINUTE_MS - 1) / MINUTE_MS;
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

/* Whether the address began too many; if not, this one is noted. */
static bool
is_too_fast(const struct census_seat *s, uint64_t key, int64_t now_ms)
{
	struct census_region *ours = region_of(s->census, s->region);
	struct census_note note = { (uint64_t)now_ms / MINUTE_MS, 1 };

	if (s->limits.rate_per_ip == 0)
		return false;
	census_region_note(&s->census->shape, ours, key, note);
	if (began_lately(s->census, key, now_ms) <= s->limits.rate_per_ip)
		return false;
	note.more = -1;
	census_region_note(&s->census->shape, ours, key, note);
	return true;
}

static enum census_verdict
admit_address(const struct census_seat *s, uint64_t key, int64_t now_ms)
{
	struct census_region *ours = region_of(s->census, s->region);
	size_t most = s->limits.connections_per_ip;
	enum census_verdict verdict = CENSUS_OK;

	if (!census_region_enter(&s->census->shape, ours, key))
		return CENSUS_FULL;
	if (most > 0 && count_of(s->census, key) > most)
		verdict = CENSUS_PER_IP;
	else if (is_too_fast(s, key, now_ms))
		verdict = CENSUS_RATE;
	if (verdict != CENSUS_OK)
		census_region_leave(&s->census->shape, ours, key);
	return verdict;
}

enum census_verdict
census_admit(const struct census_seat *s, const struct address *client,
	     int64_t now_ms)
{
	struct census_region *ours = region_of(s->census, s->region);
	enum census_verdict verdict = CENSUS_FULL;

	census_region_add(ours, 1);
	if (census_total(s->census) <= s->limits.connections)
		verdict = client->is_local
			? CENSUS_OK : admit_address(s, key_of(client), now_ms);
	if (verdict != CENSUS_OK)
		census_region_add(ours, -1);
	return verdict;
}

void
census_leave(const struct census_seat *s, const struct address *client)
{
	struct census_region *ours = region_of(s->census, s->region);

	if (!client->is_local)
		census_region_leave(&s->census->shape, ours, key_of(client));
	census_region_add(ours, -1);
}
