/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row's domain says how long it is kept: the first of the list that it
 * matches, else `retention`. */
#include "store/retention_domains.h"

#include <inttypes.h>
#include <string.h>

/* Whatever the column's character set and collation are. */
static const char domain_sql[] =
	"SUBSTRING_INDEX(LOWER(CONVERT(`to` USING utf8mb4)),'@',-1)";

int64_t
retention_longest_s(const struct store_settings *s)
{
	int64_t longest_ms = s->retention_ms;

	for (size_t i = 0; longest_ms > 0 && i < s->retention_domain_count;
	     i++) {
		int64_t ms = s->retention_domains[i].keep_ms;
		if (ms == 0 || ms > longest_ms)
			longest_ms = ms;
	}
	return longest_ms / 1000;
}

size_t
retention_classes(const struct store_settings *s, int64_t *out)
{
	size_t count = 0;

	for (size_t i = 0; i <= s->retention_domain_count; i++) {
		int64_t keep_s = (i == 0 ? s->retention_ms :
				  s->retention_domains[i - 1].keep_ms) / 1000;
		size_t k = 0;
		while (k < count && out[k] != keep_s)
			k++;
		if (k == count && keep_s > 0)
			out[count++] = keep_s;
	}
	return count;
}

int64_t
retention_shortest_s(const struct store_settings *s)
{
	int64_t shortest_ms = s->retention_ms;

	for (size_t i = 0; i < s->retention_domain_count; i++) {
		int64_t ms = s->retention_domains[i].keep_ms;
		if (ms > 0 && (shortest_ms == 0 || ms < shortest_ms))
			shortest_ms = ms;
	}
	return shortest_ms / 1000;
}

/* A pattern has no quotes or backslashes: it was read as a domain. */
void
retention_write_class(const struct store_settings *s, int64_t keep_s,
		      struct buf *sql)
{
	buf_append_text(sql, "CASE");
	for (size_t i = 0; i < s->retention_domain_count; i++) {
		const struct retention_domain *d = &s->retention_domains[i];
		if (d->pattern[0] == '*')
			buf_printf(sql, " WHEN RIGHT(%s,%zu)='%s'", domain_sql,
				   strlen(d->pattern) - 1, d->pattern + 1);
		else
			buf_printf(sql, " WHEN %s='%s'", domain_sql,
				   d->pattern);
		buf_printf(sql, " THEN %" PRId64, d->keep_ms / 1000);
	}
	buf_printf(sql, " ELSE %" PRId64 " END = %" PRId64,
		   s->retention_ms / 1000, keep_s);
}
