/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client library resolves a host's name itself, and checks the host's
 * certificate against it, so it must be given the name. It asks with
 * getaddrinfo(), which is therefore ours: a program's own function comes before
 * libc's for its libraries too. */
#include "store/host_names.h"

#include "base/clock.h"
#include "base/shared_memory.h"

#include <assert.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { WORDS = 3, TRIES = 1000, WAIT_NS = 10000000 };

/* The number is odd while the rest is written, and 0 before the first time. */
struct host_entry {
	_Atomic uint32_t number;
	_Atomic uint32_t count;
	_Atomic uint64_t words[HOST_ADDRESSES][WORDS];  /* bytes and length */
};

struct host_names {
	struct host_entry at[1];             /* as many as there are hosts */
};

static struct {
	const struct host_names *names; /* NULL: libc's alone */
	const struct store_settings *settings;
} in_use;

bool
host_has_name(const struct store_host *host)
{
	struct address ignored;

	return host->port > 0 && !address_parse(view_of(host->name), &ignored);
}

bool
host_names_are_wanted(const struct store_settings *s)
{
	for (size_t i = 0; i < s->host_count; i++)
		if (host_has_name(&s->hosts[i]))
			return true;
	return false;
}

size_t
host_names_size(size_t host_count)
{
	return shared_memory_pages(host_count * sizeof(struct host_entry));
}

void
host_names_set(struct host_names *n, size_t i,
	       const struct host_addresses *found)
{
	struct host_entry *e = &n->at[i];
	uint32_t number = atomic_load_explicit(&e->number,
					       memory_order_relaxed);

	assert(found->count <= HOST_ADDRESSES);
	/* Odd already where a writer before us died in the middle. */
	number |= 1;
	atomic_store_explicit(&e->number, number, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t k = 0; k < found->count; k++) {
		uint64_t words[WORDS] = { 0, 0, found->at[k].len };
		memcpy(words, found->at[k].bytes, sizeof(found->at[k].bytes));
		for (size_t w = 0; w < WORDS; w++)
			atomic_store_explicit(&e->words[k][w], words[w],
					      memory_order_relaxed);
	}
	if (found->count > 0)
		atomic_store_explicit(&e->count, (uint32_t)found->count,
				      memory_order_relaxed);
	atomic_store_explicit(&e->number, number + 1, memory_order_release);
}

bool
host_names_get(const struct host_names *n, size_t i,
	       struct host_addresses *out)
{
	const struct host_entry *e = &n->at[i];

	for (int tries = 0; tries < TRIES; tries++) {
		uint32_t before = atomic_load_explicit(&e->number,
						       memory_order_acquire);
		uint32_t count = atomic_load_explicit(&e->count,
						      memory_order_relaxed);
		*out = (struct host_addresses){
			.count = count < HOST_ADDRESSES ? count
							: HOST_ADDRESSES,
		};
		for (size_t k = 0; k < out->count; k++) {
			uint64_t words[WORDS];
			for (size_t w = 0; w < WORDS; w++)
				words[w] = atomic_load_explicit(
					&e->words[k][w], memory_order_relaxed);
			out->at[k] = address_from_bytes(
				(const uint8_t *)words,
				words[2] == 4 ? 4 : 16, 0);
		}
		/* Whoever wrote meanwhile has changed the number. */
		atomic_thread_fence(memory_order_acquire);
		uint32_t after = atomic_load_explicit(&e->number,
						      memory_order_relaxed);
		if (before == after && before % 2 == 0)
			return out->count > 0;
	}
	return false;
}

void
host_names_use(const struct host_names *n, const struct store_settings *s,
	       int64_t most_ms)
{
	int64_t until_ms = clock_ms() + most_ms;

	/* What was asked for once stays so: one after the other. */
	for (size_t i = 0; i < s->host_count; i++)
		while (host_has_name(&s->hosts[i]) &&
		       atomic_load_explicit(&n->at[i].number,
					    memory_order_relaxed) < 2 &&
		       clock_ms() < until_ms)
			nanosleep(&(struct timespec){ .tv_nsec = WAIT_NS },
				  NULL);
	in_use.settings = s;
	in_use.names = n;
}

/* ---- The client library's question --------------------------------------- */

static int
ask_libc(const char *name, const char *service, const struct addrinfo *hints,
	 struct addrinfo **out)
{
	int (*ask)(const char *, const char *, const struct addrinfo *,
		   struct addrinfo **);

	*(void **)&ask = dlsym(RTLD_NEXT, "getaddrinfo");
	return ask != NULL ? ask(name, service, hints, out) : EAI_SYSTEM;
}

/* Each as libc says it of a number, one list behind the other: libc frees
 * such a list entry by entry. */
static int
list(const struct host_addresses *a, const char *service,
     const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo numeric = hints != NULL ? *hints
						: (struct addrinfo){ 0 };
	struct addrinfo **end = out;
	int error = EAI_NONAME;

	*out = NULL;
	numeric.ai_flags |= AI_NUMERICHOST;
	for (size_t i = 0; i < a->count; i++) {
		char text[ADDRESS_TEXT_SIZE];
		address_print(&a->at[i], text);
		int failed = ask_libc(text, service, &numeric, end);
		if (failed != 0) {
			*end = NULL;
			error = failed;
			continue;
		}
		while (*end != NULL)
			end = &(*end)->ai_next;
	}
	return *out != NULL ? 0 : error;
}

/* Of <netdb.h>. */
int
getaddrinfo(const char *name, const char *service,
	    const struct addrinfo *hints, struct addrinfo **out)
{
	const struct store_settings *s = in_use.settings;
	struct host_addresses found;

	for (size_t i = 0; in_use.names != NULL && name != NULL &&
			   i < s->host_count; i++) {
		if (!host_has_name(&s->hosts[i]) ||
		    strcasecmp(s->hosts[i].name, name) != 0)
			continue;
		return host_names_get(in_use.names, i, &found)
			       ? list(&found, service, hints, out)
			       : EAI_AGAIN;
	}
	return ask_libc(name, service, hints, out);
}

/* ---- The resolver's ------------------------------------------------------ */

bool
host_names_ask(const char *name, struct host_addresses *out, const char **why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	struct sockaddr_storage at;

	*out = (struct host_addresses){ 0 };
	int error = ask_libc(name, NULL, &hints, &found);
	if (error != 0) {
		*why = gai_strerror(error);
		return false;
	}
	for (const struct addrinfo *f = found;
	     f != NULL && out->count < HOST_ADDRESSES; f = f->ai_next) {
		if (f->ai_family != AF_INET && f->ai_family != AF_INET6)
			continue;
		memset(&at, 0, sizeof(at));
		memcpy(&at, f->ai_addr, f->ai_addrlen);
		struct address one = address_from_socket(&at);
		size_t i = 0;
		while (i < out->count &&
		       (out->at[i].len != one.len ||
			memcmp(out->at[i].bytes, one.bytes, one.len) != 0))
			i++;
		if (i == out->count)
			out->at[out->count++] = one;
	}
	freeaddrinfo(found);
	*why = "no address";
	return out->count > 0;
}
