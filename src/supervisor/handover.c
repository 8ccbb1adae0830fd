/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a handover: a line a fact, "word number number ... text", and
 * "end". Two versions of the program speak to each other here: words that a
 * reader does not know are passed over, so that later ones can say more. */
#include "supervisor/handover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_LINE "guerrilla-smtpd handover 1"

enum { NUMBERS = 12 };

/* ---- Out ----------------------------------------------------------------- */

static void
print_children(const struct handover *h, struct buf *out)
{
	for (size_t i = 0; i < h->child_count; i++) {
		const struct handed_child *c = &h->children[i];
		const struct process *e = &c->entry;
		buf_printf(out, "child %d %d %d %d %d %u %d %" PRId64
			   " %" PRId64 " %" PRId64 " %" PRId64 " %u\n",
			   c->index, c->channel, (int)e->state, (int)e->role,
			   e->number, e->generation, (int)e->pid, e->due_ms,
			   e->back_off_ms, e->forked_ms, e->ready_ms,
			   e->restarts);
		if (c->region >= 0)
			buf_printf(out, "region %d %d\n", c->index, c->region);
	}
}

static void
print_connection_limits(const struct connection_limits_handle *c,
			struct buf *out)
{
	if (c->fd < 0)
		return;
	buf_printf(out, "connections %d %d %u %zu %" PRId64 " %" PRId64 "\n",
		   c->fd, c->layout, c->regions, c->connections,
		   (int64_t)c->secret[0], (int64_t)c->secret[1]);
}

static void
print_figures(const struct scoreboard_figures *f, struct buf *out)
{
	buf_printf(out, "figures %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		   " %" PRIu64 " %" PRIu64 "\n", f->began_wall_us, f->reloads,
		   f->reloads_failed, f->upgrades, f->restarts, f->poisoned);
}

int
handover_print(const struct handover *h, struct buf *out)
{
	buf_printf(out, FIRST_LINE "\nmode %d\ngeneration %u\n"
		   "requests %d %d %" PRId64 " %d\n", (int)h->mode,
		   h->generation, h->wants_reload, h->wants_upgrade,
		   h->paused_until_ms, h->is_control_roots);
	/* The seventh was of use to earlier versions, which insist on it. */
	buf_printf(out, "descriptors %d %d %d %d %d %d -1\n", h->pid_file,
		   h->scoreboard, h->backlogs, h->control, h->lines[0],
		   h->lines[1]);
	buf_printf(out, "program %s\nconfig %s\nlog %s\n", h->program,
		   h->config_file, h->log_file);
	print_figures(&h->figures, out);
	for (size_t i = 0; i < h->listener_count; i++)
		buf_printf(out, "listener %d %s\n", h->listeners[i].fd,
			   h->listeners[i].name);
	for (size_t i = 0; i < h->spools.count; i++)
		buf_printf(out, "spool %d %s\n", h->spools.at[i].fd,
			   h->spools.at[i].dir);
	print_connection_limits(&h->connection_limits, out);
	print_children(h, out);
	for (size_t i = 0; i < h->asker_count; i++)
		buf_printf(out, "asker %d %d %d\n", h->askers[i].fd,
			   (int)h->askers[i].verb, h->askers[i].is_taken_up);
	return buf_append_text(out, "end\n");
}

/* ---- In ------------------------------------------------------------------ */

/* A line taken apart: leading numbers, and what follows them. */
struct parts {
	struct view word;
	int64_t number[NUMBERS];
	size_t count;
	struct view text;
};

static bool
take_number(struct view *rest, int64_t *out)
{
	char digits[24];
	char *end;

	size_t len = view_find(*rest, ' ');
	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, rest->at, len);
	digits[len] = '\0';
	errno = 0;
	*out = strtoll(digits, &end, 10);
	if (*end != '\0' || errno != 0)
		return false;
	*rest = view_slice(*rest, len + 1, rest->len);
	return true;
}

static struct parts
take_apart(struct view line)
{
	struct parts p = { .count = 0 };

	size_t end = view_find(line, ' ');
	p.word = view_slice(line, 0, end);
	p.text = view_slice(line, end + 1, line.len);
	/* Texts may begin with a digit: only the words that have numbers get
	 * theirs taken. */
	while (p.count < NUMBERS && take_number(&p.text, &p.number[p.count]))
		p.count++;
	return p;
}

struct handover_reader {
	struct handover *h;
	struct arena *arena;
	size_t listener_room;
	size_t child_room;
};

static bool
read_mode(struct handover_reader *r, const struct parts *p)
{
	r->h->mode = (enum handover_mode)p->number[0];
	return p->number[0] > HANDOVER_NONE &&
	       p->number[0] <= HANDOVER_TAKEOVER;
}

static bool
read_generation(struct handover_reader *r, const struct parts *p)
{
	r->h->generation = (unsigned)p->number[0];
	return true;
}

static bool
read_requests(struct handover_reader *r, const struct parts *p)
{
	r->h->wants_reload = p->number[0] != 0;
	r->h->wants_upgrade = p->number[1] != 0;
	/* Not told by the first version: 0. */
	r->h->paused_until_ms = p->number[2];
	r->h->is_control_roots = p->number[3] != 0;
	return true;
}

static bool
read_descriptors(struct handover_reader *r, const struct parts *p)
{
	int *const targets[] = {
		&r->h->pid_file, &r->h->scoreboard, &r->h->backlogs,
		&r->h->control,	 &r->h->lines[0],   &r->h->lines[1],
	};

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		*targets[i] = (int)p->number[i];
	return true;
}

static bool
read_figures(struct handover_reader *r, const struct parts *p)
{
	struct scoreboard_figures *f = &r->h->figures;

	f->began_wall_us = p->number[0];
	f->reloads = (uint64_t)p->number[1];
	f->reloads_failed = (uint64_t)p->number[2];
	f->upgrades = (uint64_t)p->number[3];
	f->restarts = (uint64_t)p->number[4];
	f->poisoned = (uint64_t)p->number[5];
	return true;
}

static bool
read_listener(struct handover_reader *r, const struct parts *p)
{
	struct handed_listener *l = &r->h->listeners[r->h->listener_count];

	if (r->h->listener_count == r->listener_room)
		return false;
	l->fd = (int)p->number[0];
	l->name = arena_copy(r->arena, p->text).at;
	r->h->listener_count++;
	return l->fd > STDERR_FILENO;
}

static bool
read_spool(struct handover_reader *r, const struct parts *p)
{
	struct spool_claims *c = &r->h->spools;

	if (c->count == SPOOL_CLAIMS)
		return false;
	c->at[c->count++] = (struct spool_claim){
		(int)p->number[0], arena_copy(r->arena, p->text).at };
	return p->number[0] > STDERR_FILENO;
}

static bool
read_child(struct handover_reader *r, const struct parts *p)
{
	const int64_t *n = p->number;
	struct handed_child *c = &r->h->children[r->h->child_count];

	if (r->h->child_count == r->child_room || n[0] < 1 ||
	    n[0] >= SCOREBOARD_SLOTS || n[2] <= PROCESS_WAITING ||
	    n[2] >= PROCESS_STATES || n[3] <= SLOT_UNUSED ||
	    n[3] >= SLOT_ROLES || n[6] < 2)
		return false;
	*c = (struct handed_child){
		.index = (int)n[0],
		.channel = (int)n[1],
		.entry = {
			.state = (enum process_state)n[2],
			.role = (enum slot_role)n[3],
			.number = (int)n[4],
			.generation = (unsigned)n[5],
			.pid = (pid_t)n[6],
			.due_ms = n[7],
			.back_off_ms = n[8],
			.forked_ms = n[9],
			.ready_ms = n[10],
			.restarts = (unsigned)n[11],
			.replaced_by = -1,
		},
		.region = -1,
	};
	r->h->child_count++;
	return true;
}

static bool
read_connection_limits(struct handover_reader *r, const struct parts *p)
{
	const int64_t *n = p->number;

	if (n[0] <= STDERR_FILENO || n[2] < 1 || n[2] > INT32_MAX || n[3] < 0)
		return false;
	r->h->connection_limits = (struct connection_limits_handle){
		.fd = (int)n[0],
		.layout = (int)n[1],
		.regions = (unsigned)n[2],
		.connections = (size_t)n[3],
		.secret = { (uint64_t)n[4], (uint64_t)n[5] },
	};
	return true;
}

/* Of a child that was named before. */
static bool
read_region(struct handover_reader *r, const struct parts *p)
{
	if (p->number[1] < 0 || p->number[1] > INT32_MAX)
		return false;
	for (size_t i = 0; i < r->h->child_count; i++) {
		struct handed_child *c = &r->h->children[i];
		if (c->index != p->number[0])
			continue;
		c->region = (int)p->number[1];
		return true;
	}
	return false;
}

static bool
read_asker(struct handover_reader *r, const struct parts *p)
{
	if (r->h->asker_count == CONTROL_ASKERS ||
	    p->number[1] <= CONTROL_NOTHING || p->number[1] >= CONTROL_VERBS)
		return false;
	r->h->askers[r->h->asker_count++] =
		(struct handed_asker){ (int)p->number[0],
				       (enum control_verb)p->number[1],
				       p->number[2] != 0 };
	return true;
}

static const struct {
	const char *word;
	size_t numbers;                 /* at least */
	bool (*read)(struct handover_reader *, const struct parts *);
} words[] = {
	{ "mode", 1, read_mode },
	{ "generation", 1, read_generation },
	{ "requests", 2, read_requests },
	{ "descriptors", 6, read_descriptors },
	{ "figures", 6, read_figures },
	{ "listener", 1, read_listener },
	{ "spool", 1, read_spool },
	{ "child", 12, read_child },
	{ "connections", 6, read_connection_limits },
	{ "region", 2, read_region },
	{ "asker", 3, read_asker },
};

/* Facts that are text to the end of the line. */
static bool
read_text(struct handover_reader *r, struct view word, struct view text)
{
	const struct { const char *word; const char **target; } texts[] = {
		{ "program", &r->h->program },
		{ "config", &r->h->config_file },
		{ "log", &r->h->log_file },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (!view_equal(word, view_of(texts[i].word)))
			continue;
		*texts[i].target = arena_copy(r->arena, text).at;
		return true;
	}
	return false;
}

static bool
read_line(struct handover_reader *r, struct view line)
{
	struct parts p = take_apart(line);

	if (read_text(r, p.word, view_slice(line, p.word.len + 1, line.len)))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (view_equal(p.word, view_of(words[i].word)))
			return p.count >= words[i].numbers &&
			       words[i].read(r, &p);
	return true;
}

static struct view
next_line(struct view *rest)
{
	size_t end = view_find(*rest, '\n');
	struct view line = view_slice(*rest, 0, end);

	*rest = view_slice(*rest, end + 1, rest->len);
	return line;
}

bool
handover_parse(struct view text, struct arena *arena, struct handover *out)
{
	size_t lines = 0;

	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	*out = (struct handover){
		.pid_file = -1,
		.scoreboard = -1,
		.backlogs = -1,
		.control = -1,
		.lines = { -1, -1 },
		.connection_limits = { .fd = -1 },
		.program = "",
		.config_file = "",
		.log_file = "",
		.listeners =
			arena_alloc(arena, lines * sizeof(*out->listeners)),
		.children = arena_alloc(arena, lines * sizeof(*out->children)),
	};
	struct handover_reader r = { out, arena, lines, lines };
	if (!view_equal(next_line(&text), VIEW(FIRST_LINE)))
		return false;
	while (text.len > 0) {
		struct view line = next_line(&text);
		if (view_equal(line, VIEW("end")))
			return out->mode != HANDOVER_NONE;
		if (!read_line(&r, line))
			return false;
	}
	return false;
}
