/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/smtp_dialogue.h"

void
dialogue_unescape(const char *t, struct buf *out)
{
	while (*t != '\0') {
		struct view plain = { t, strcspn(t, "{\\") };
		char *end;
		size_t n = 1;

		buf_append(out, plain);
		t += plain.len;
		if (*t == '\0')
			break;
		if (t[0] == '{') {
			n = strtoul(t + 1, &end, 10);
			t = end + 1;
		}
		char c = *t++;
		if (c == '\\' && t[0] == 'x') {
			char hex[3] = { t[1], t[2], '\0' };
			c = (char)strtoul(hex, NULL, 16);
			t += 3;
		} else if (c == '\\') {
			c = *t == 'r' ? '\r' : *t == 'n' ? '\n' :
			    *t == 't' ? '\t' : *t;
			t++;
		}
		char *where = buf_reserve(out, n);
		if (where == NULL)
			break;
		memset(where, c, n);
		out->len += n;
	}
}

/* "== name" begins a dialogue, lines with a "#" and empty ones are none of
 * it, but count. */
static void
dialogue_take_line(struct dialogue *all, size_t *count, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "== ", 3) == 0) {
		all[(*count)++].name = memory_copy_text(line + 3);
		return;
	}
	if (*count == 0)
		return;
	struct dialogue *d = &all[*count - 1];
	struct buf bytes = BUF(1 << 20);
	d->steps = memory_resize(d->steps, (d->count + 1) * sizeof(char *));
	d->steps[d->count++] = memory_copy_text(line);
	if (line[0] == 'C' || line[0] == 'R')
		dialogue_unescape(line, &bytes);
	if (bytes.len > d->longest)
		d->longest = bytes.len;
	buf_release(&bytes);
}

size_t
dialogue_read(const char *file, struct dialogue *all, size_t count)
{
	char line[8192];
	FILE *f = fopen(file, "r");
	int number = 0;

	assert(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		number++;
		dialogue_take_line(all, &count, line);
		if (count > 0 && all[count - 1].file == NULL) {
			all[count - 1].file = file;
			all[count - 1].line = number + 1;
		}
	}
	fclose(f);
	return count;
}

void
dialogue_free(struct dialogue *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->steps[i]);
	free(d->steps);
	free(d->name);
}
