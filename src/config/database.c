/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database's hosts and its password. */
#include "config/reading.h"

#include "base/address.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { MYSQL_PORT = 3306, LARGEST_PASSWORD_FILE = 64 * 1024,
       LARGEST_PEM = 16 * 1024 * 1024, LONGEST_HOST = 255 };

static bool
is_host_name(struct view name)
{
	if (name.len == 0 || name.len > LONGEST_HOST || name.at[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = ascii_lower(name.at[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '.' && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* False for what is no host. "localhost" alone is the unix socket. */
static bool
read_host(struct arena *arena, struct view text, struct store_host *host)
{
	size_t port = MYSQL_PORT;
	size_t end = view_find(text, ':');
	struct view name = view_slice(text, 0, end);
	struct address address;

	if (text.len > 0 && text.at[0] == '[') {
		end = view_find(text, ']');
		name = view_slice(text, 1, end);
		if (end == text.len || !address_parse(name, &address))
			return false;
		end++;
	} else if (!is_host_name(name)) {
		return false;
	}
	/* ":3307" or nothing. */
	if (end < text.len &&
	    (text.at[end] != ':' ||
	     !view_to_size(view_slice(text, end + 1, text.len), 65535,
			   &port) || port == 0))
		return false;
	if (view_equal_nocase(text, VIEW("localhost")))
		port = 0;
	host->name = arena_copy(arena, name).at;
	host->port = (unsigned)port;
	return true;
}

static void
take_host(struct reading *r, struct place at, const char *text)
{
	struct store_settings *s = &r->config->worker.store;
	struct store_host host;

	if (!read_host(&r->config->arena, view_of(text), &host)) {
		faults_add(&r->faults, at, "mysql.hosts", "\"%.100s\" is not "
			   "HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT",
			   text);
		return;
	}
	for (size_t i = 0; i < s->host_count; i++)
		if (strcmp(s->hosts[i].name, host.name) == 0 &&
		    s->hosts[i].port == host.port) {
			faults_add(&r->faults, at, "mysql.hosts",
				   "\"%.100s\" given twice", text);
			return;
		}
	assert(s->host_count <= r->config->hosts.count);
	s->hosts[s->host_count++] = host;
}

static void
fill_hosts(struct reading *r)
{
	struct config *c = r->config;
	struct store_settings *s = &c->worker.store;
	struct value_walk walk = { 0 };
	const struct setting *set = reading_find(r, "mysql", "hosts");

	s->hosts = arena_alloc(&c->arena, (c->hosts.count + 1) *
					  sizeof(*s->hosts));
	if (s->socket[0] != '\0') {
		/* "localhost" is what a socket is the way to. */
		if (set != NULL && c->hosts.count > 0 &&
		    (c->hosts.count > 1 ||
		     strcmp(c->hosts.at[0], "localhost") != 0))
			reading_fault(r, "mysql", "socket",
				      "contradicts hosts, which may only be "
				      "{\"localhost\"} beside it");
		s->hosts[s->host_count++] = (struct store_host){ "", 0 };
		c->hosts.count = 0;
		return;
	}
	if (set == NULL || set->appends)
		take_host(r, (struct place){ 0, 1 }, "localhost");
	while (reading_next_value(r, "mysql", "hosts", &walk))
		take_host(r, walk.at, walk.text);
	if (c->hosts.count == 0)
		reading_fault(r, "mysql", "hosts", "is empty");
}

static void
fill_password(struct reading *r)
{
	struct config *c = r->config;
	const struct setting *own = reading_find(r, "mysql", "password");
	const struct setting *s = reading_find(r, "mysql", "password_file");
	struct buf text = BUF(LARGEST_PASSWORD_FILE);

	/* One in the configuration itself: who can read that file? */
	for (size_t i = 0; own != NULL && i < c->file_count; i++) {
		if (c->worker.store.password[0] == '\0' ||
		    strcmp(c->files[i].path, r->names[own->at.file]) != 0)
			continue;
		if ((c->files[i].mode & S_IROTH) != 0)
			reading_fault(r, "mysql", "password",
				      "everyone can read %s: chmod 0640 %s",
				      c->files[i].path, c->files[i].path);
		break;
	}
	if (s == NULL || c->password_file[0] == '\0')
		return;
	if (c->worker.store.password[0] != '\0')
		reading_fault(r, "mysql", "password_file",
			      "contradicts password: give one of them");
	struct named_file named = { s->at, "mysql.password_file",
				    c->password_file };
	if (!reading_load(r, &named, &text))
		return;
	struct view first = buf_view(&text);
	first = view_slice(first, 0, view_find(first, '\n'));
	first = view_slice(first, 0, view_find(first, '\r'));
	if (first.len == 0 || view_find(first, '\0') < first.len)
		reading_fault(r, "mysql", "password_file",
			      "no password in the first line of %s",
			      c->password_file);
	if ((c->files[c->file_count - 1].mode & S_IROTH) != 0)
		reading_fault(r, "mysql", "password_file",
			      "everyone can read %s: chmod 0640 %s",
			      c->password_file, c->password_file);
	c->worker.store.password = arena_copy(&c->arena, first).at;
	reading_wipe(&text);
}

void
reading_fill_database(struct reading *r)
{
	const struct store_settings *s = &r->config->worker.store;
	const struct setting *ca = reading_find(r, "mysql", "tls_ca");
	struct buf text = BUF(LARGEST_PEM);

	fill_hosts(r);
	fill_password(r);
	if (s->tls_ca[0] == '\0' || ca == NULL)
		return;
	if (!s->has_tls)
		reading_fault(r, "mysql", "tls_ca", "needs tls = true");
	struct named_file named = { ca->at, "mysql.tls_ca", s->tls_ca };
	reading_load(r, &named, &text);
	buf_release(&text);
}
