/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A handover gets through an exec as a file without a name, whose number
 * stands in the environment, and as descriptors that stay open. Its text is a
 * line a fact, "word number number ... text", and "end". Two versions of the
 * program speak to each other here: words that a reader does not know are
 * passed over, so that later ones can say more. */
#include "supervisor/handover.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIRST_LINE "guerrilla-smtpd handover 1"
#define VARIABLE "GUERRILLA_SMTPD_HANDOVER"

enum { NUMBERS = 12, LARGEST = 1 << 20 };

/* ---- Out ----------------------------------------------------------------- */

int
handover_print(const struct handover *h, struct buf *out)
{
	const struct scoreboard_figures *f = &h->figures;
	const struct connection_limits_handle *limits = &h->connection_limits;

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
	buf_printf(out, "figures %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		   " %" PRIu64 " %" PRIu64 "\n", f->began_wall_us, f->reloads,
		   f->reloads_failed, f->upgrades, f->restarts, f->poisoned);
	for (size_t i = 0; i < h->listener_count; i++)
		buf_printf(out, "listener %d %s\n", h->listeners[i].fd,
			   h->listeners[i].name);
	for (size_t i = 0; i < h->spools.count; i++)
		buf_printf(out, "spool %d %s\n", h->spools.at[i].fd,
			   h->spools.at[i].dir);
	if (limits->fd >= 0)
		buf_printf(out, "connections %d %d %u %zu %" PRId64 " %" PRId64
			   "\n", limits->fd, limits->layout, limits->regions,
			   limits->connections, (int64_t)limits->secret[0],
			   (int64_t)limits->secret[1]);
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
	assert(h->asker_count <= CONTROL_ASKERS);
	for (size_t i = 0; i < h->asker_count; i++)
		buf_printf(out, "asker %d %d %d\n", h->askers[i].fd,
			   (int)h->askers[i].verb, h->askers[i].is_taken_up);
	return buf_append_text(out, "end\n");
}

/* ---- In ------------------------------------------------------------------ */

enum fact {
	FACT_MODE, FACT_GENERATION, FACT_REQUESTS, FACT_DESCRIPTORS,
	FACT_FIGURES, FACT_LISTENER, FACT_SPOOL, FACT_CONNECTIONS, FACT_CHILD,
	FACT_REGION, FACT_ASKER, FACT_PROGRAM, FACT_CONFIG, FACT_LOG, FACTS
};

static const struct {
	const char *word;
	size_t numbers;                 /* at least; 0: text to the end */
} facts[FACTS] = {
	[FACT_MODE] = { "mode", 1 },
	[FACT_GENERATION] = { "generation", 1 },
	[FACT_REQUESTS] = { "requests", 2 },
	[FACT_DESCRIPTORS] = { "descriptors", 6 },
	[FACT_FIGURES] = { "figures", 6 },
	[FACT_LISTENER] = { "listener", 1 },
	[FACT_SPOOL] = { "spool", 1 },
	[FACT_CONNECTIONS] = { "connections", 6 },
	[FACT_CHILD] = { "child", 12 },
	[FACT_REGION] = { "region", 2 },
	[FACT_ASKER] = { "asker", 3 },
	[FACT_PROGRAM] = { "program", 0 },
	[FACT_CONFIG] = { "config", 0 },
	[FACT_LOG] = { "log", 0 },
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

static bool
read_child(struct handover *h, const int64_t *n)
{
	if (n[0] < 1 || n[0] >= SCOREBOARD_SLOTS || n[2] <= PROCESS_WAITING ||
	    n[2] >= PROCESS_STATES || n[3] <= SLOT_UNUSED ||
	    n[3] >= SLOT_ROLES || n[6] < 2)
		return false;
	h->children[h->child_count++] = (struct handed_child){
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
	return true;
}

/* One of several: `h` has room for all. */
static bool
read_item(struct handover *h, enum fact fact, const int64_t *n,
	  const char *text)
{
	if (fact == FACT_CHILD)
		return read_child(h, n);
	if (fact == FACT_REGION) {
		/* Of a child that was named before. */
		for (size_t i = 0; i < h->child_count; i++)
			if (h->children[i].index == n[0] && n[1] >= 0 &&
			    n[1] <= INT32_MAX) {
				h->children[i].region = (int)n[1];
				return true;
			}
		return false;
	}
	if (fact == FACT_ASKER) {
		if (h->asker_count == CONTROL_ASKERS ||
		    n[1] <= CONTROL_NOTHING || n[1] >= CONTROL_VERBS)
			return false;
		h->askers[h->asker_count++] = (struct handed_asker){
			(int)n[0], (enum control_verb)n[1], n[2] != 0 };
		return true;
	}
	if (n[0] <= STDERR_FILENO || n[0] > INT32_MAX)
		return false;
	if (fact == FACT_LISTENER) {
		h->listeners[h->listener_count++] =
			(struct handed_listener){ (int)n[0], text };
	} else {
		if (h->spools.count == SPOOL_CLAIMS)
			return false;
		h->spools.at[h->spools.count++] =
			(struct spool_claim){ (int)n[0], text };
	}
	return true;
}

/* `n`: the numbers, 0 where an earlier version says fewer; `text`: what
 * follows them. */
static bool
read_fact(struct handover *h, enum fact fact, const int64_t *n,
	  const char *text)
{
	switch (fact) {
	case FACT_MODE:
		h->mode = (enum handover_mode)n[0];
		return n[0] > HANDOVER_NONE && n[0] <= HANDOVER_TAKEOVER;
	case FACT_GENERATION:
		h->generation = (unsigned)n[0];
		return true;
	case FACT_REQUESTS:
		h->wants_reload = n[0] != 0;
		h->wants_upgrade = n[1] != 0;
		h->paused_until_ms = n[2];
		h->is_control_roots = n[3] != 0;
		return true;
	case FACT_DESCRIPTORS:
		h->pid_file = (int)n[0];
		h->scoreboard = (int)n[1];
		h->backlogs = (int)n[2];
		h->control = (int)n[3];
		h->lines[0] = (int)n[4];
		h->lines[1] = (int)n[5];
		return true;
	case FACT_FIGURES:
		h->figures = (struct scoreboard_figures){
			.began_wall_us = n[0],
			.reloads = (uint64_t)n[1],
			.reloads_failed = (uint64_t)n[2],
			.upgrades = (uint64_t)n[3],
			.restarts = (uint64_t)n[4],
			.poisoned = (uint64_t)n[5],
		};
		return true;
	case FACT_CONNECTIONS:
		h->connection_limits = (struct connection_limits_handle){
			.fd = (int)n[0],
			.layout = (int)n[1],
			.regions = (unsigned)n[2],
			.connections = (size_t)n[3],
			.secret = { (uint64_t)n[4], (uint64_t)n[5] },
		};
		return n[0] > STDERR_FILENO && n[2] >= 1 &&
		       n[2] <= INT32_MAX && n[3] >= 0;
	case FACT_PROGRAM:
		h->program = text;
		return true;
	case FACT_CONFIG:
		h->config_file = text;
		return true;
	case FACT_LOG:
		h->log_file = text;
		return true;
	default:
		return read_item(h, fact, n, text);
	}
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
	if (!view_equal(view_take_line(&text), VIEW(FIRST_LINE)))
		return false;
	while (text.len > 0) {
		int64_t n[NUMBERS] = { 0 };
		struct view rest = view_take_line(&text);
		if (view_equal(rest, VIEW("end")))
			return out->mode != HANDOVER_NONE;
		struct view word = view_slice(rest, 0, view_find(rest, ' '));
		rest = view_slice(rest, word.len + 1, rest.len);
		int fact = 0;
		while (fact < FACTS &&
		       !view_equal(word, view_of(facts[fact].word)))
			fact++;
		if (fact == FACTS)
			continue;
		/* A text may begin with a digit. */
		size_t count = 0, most = facts[fact].numbers > 0 ? NUMBERS : 0;
		while (count < most && take_number(&rest, &n[count]))
			count++;
		if (count < facts[fact].numbers ||
		    !read_fact(out, (enum fact)fact, n,
			       arena_copy(arena, rest).at))
			return false;
	}
	return false;
}

/* ---- Through an exec ----------------------------------------------------- */

static void
set_close_on_exec(int fd, bool closes)
{
	if (fd > STDERR_FILENO)
		fcntl(fd, F_SETFD, closes ? FD_CLOEXEC : 0);
}

/* A trial gets what it must show that it can use, no more. */
void
handover_keep_open(const struct handover *h, bool keep)
{
	for (size_t i = 0; i < h->listener_count; i++)
		set_close_on_exec(h->listeners[i].fd, !keep);
	for (size_t i = 0; i < h->spools.count; i++)
		set_close_on_exec(h->spools.at[i].fd, !keep);
	set_close_on_exec(h->lines[1], !keep);
	if (h->mode == HANDOVER_TRIAL)
		return;
	const int others[] = { h->pid_file,
			       h->scoreboard,
			       h->backlogs,
			       h->control,
			       h->lines[0],
			       h->connection_limits.fd };
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		set_close_on_exec(others[i], !keep);
	for (size_t i = 0; i < h->child_count; i++)
		set_close_on_exec(h->children[i].channel, !keep);
	for (size_t i = 0; i < h->asker_count; i++)
		set_close_on_exec(h->askers[i].fd, !keep);
}

int
handover_write(const struct handover *h)
{
	struct buf text = BUF(LARGEST);
	char number[16];

	int fd = memfd_create("guerrilla-smtpd handover", 0);
	if (fd < 0)
		return -1;
	bool is_whole = handover_print(h, &text) == 0 &&
			write(fd, text.at, text.len) == (ssize_t)text.len;
	buf_release(&text);
	snprintf(number, sizeof(number), "%d", fd);
	if (is_whole && setenv(VARIABLE, number, 1) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
named_descriptor(void)
{
	const char *text = getenv(VARIABLE);
	size_t fd;

	if (text == NULL || !view_to_size(view_of(text), INT32_MAX, &fd))
		return -1;
	return (int)fd;
}

void
handover_read(struct arena *arena, struct handover *out)
{
	struct buf text = BUF(LARGEST);
	int fd = named_descriptor();

	*out = (struct handover){ .mode = HANDOVER_NONE };
	if (fd < 0)
		return;
	char *at = buf_reserve(&text, LARGEST);
	ssize_t n = pread(fd, at, LARGEST, 0);
	if (n > 0) {
		text.len = (size_t)n;
		if (!handover_parse(buf_view(&text), arena, out))
			*out = (struct handover){ .mode = HANDOVER_NONE };
	}
	buf_release(&text);
}

void
handover_forget(void)
{
	int fd = named_descriptor();

	if (fd > STDERR_FILENO)
		close(fd);
	unsetenv(VARIABLE);
}
