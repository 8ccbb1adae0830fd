/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows as parameters, value by value. Long text is bound as a blob where
 * the bytes are the column's own: as a string the server would first count
 * its characters. */
#include "store/bind.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "store/column_text.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEPT_SCRATCH = 4 * 1024 * 1024 };

static void
set_bytes(struct bind *bind, enum enum_field_types type, struct view v)
{
	MYSQL_BIND *p = bind->parameter;

	bind->length = (unsigned long)v.len;
	p->buffer_type = type;
	p->buffer = (void *)(v.len > 0 ? v.at : "");
	p->buffer_length = bind->length;
	p->length = &bind->length;
}

static bool
set_text(struct bind *bind, const struct table_column *c, const struct row *row,
	 char **scratch)
{
	struct view v = store_column_text(c->known, row);
	struct view fitted;

	if (!column_text_fit(c, v, bind->scratch > 0 ? scratch : NULL,
			     &fitted))
		return false;
	bool is_verbatim = !column_text_is_converted(c) && !c->known->is_key &&
			   c->family != FAMILY_INTEGER;
	set_bytes(bind, is_verbatim && fitted.len > 255 ?
			MYSQL_TYPE_LONG_BLOB : MYSQL_TYPE_STRING, fitted);
	return true;
}

static void
set_raw(struct bind *bind, const struct table_column *c, const struct row *row,
	char **scratch)
{
	enum enum_field_types type = column_text_is_converted(c)
					     ? MYSQL_TYPE_STRING
					     : MYSQL_TYPE_LONG_BLOB;
	struct view trace = row->recipient->trace;
	const struct chain *raw = row->raw;
	size_t len = row_raw_bytes(row);

	if (bind->in_pieces) {
		set_bytes(bind, type, VIEW(""));
		return;
	}
	/* What has to be mended lies at the end of its own scratch. */
	char *at = *scratch + (table_is_exact(c) ? 0 : 3 * len);
	if (trace.len > 0)
		memcpy(at, trace.at, trace.len);
	chain_copy(raw, 0, raw->len, at + trace.len);
	if (!table_is_exact(c)) {
		len = column_text_raw(c, (struct view){ at, len }, *scratch);
		at = *scratch;
	}
	*scratch = at + len;
	set_bytes(bind, type, (struct view){ at, len });
}

static void
set_number(struct bind *bind, const struct table_column *c, int64_t number)
{
	bind->number = number;
	if (c->family == FAMILY_INTEGER && number > c->max_number)
		bind->number = c->max_number;
	bind->parameter->buffer_type = MYSQL_TYPE_LONGLONG;
	bind->parameter->buffer = &bind->number;
}

/* An integer column gets seconds since 1970, any other a UTC date. */
static void
set_date(struct bind *bind, const struct table_column *c, int64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm = { 0 };

	if (c->family == FAMILY_INTEGER || c->family == FAMILY_REAL) {
		set_number(bind, c, seconds);
		return;
	}
	gmtime_r(&seconds, &tm);
	bind->time = (MYSQL_TIME){
		.year = (unsigned)tm.tm_year + 1900,
		.month = (unsigned)tm.tm_mon + 1,
		.day = (unsigned)tm.tm_mday,
		.hour = (unsigned)tm.tm_hour,
		.minute = (unsigned)tm.tm_min,
		.second = (unsigned)tm.tm_sec,
		.time_type = MYSQL_TIMESTAMP_DATETIME,
	};
	bind->parameter->buffer_type = MYSQL_TYPE_DATETIME;
	bind->parameter->buffer = &bind->time;
}

/* Bytes in a binary column, INET_ATON in an integer one, else text. What has
 * no room for IPv6 gets 0, or '': half an address is none. */
static void
set_address(struct bind *bind, const struct table_column *c,
	    const struct address *a)
{
	const uint8_t *b = a->bytes;

	if (c->family == FAMILY_INTEGER) {
		int64_t number = a->len == 4 ? (int64_t)b[0] << 24 |
			b[1] << 16 | b[2] << 8 | b[3] : 0;
		set_number(bind, c, number > c->max_number ? 0 : number);
		return;
	}
	if (c->family == FAMILY_BYTES) {
		size_t len = a->len <= c->max_bytes ? a->len : 0;
		memcpy(bind->text, b, len);
		set_bytes(bind, MYSQL_TYPE_LONG_BLOB,
			  (struct view){ bind->text, len });
		return;
	}
	bind->text[0] = '\0';
	if (c->family == FAMILY_INET6 && a->len == 4) {
		uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };
		memcpy(mapped + 12, b, 4);
		inet_ntop(AF_INET6, mapped, bind->text, sizeof(bind->text));
	} else if (c->family == FAMILY_INET4 && a->len == 16) {
		memcpy(bind->text, "0.0.0.0", sizeof("0.0.0.0"));
	} else {
		inet_ntop(a->len == 16 ? AF_INET6 : AF_INET, b, bind->text,
			  sizeof(bind->text));
	}
	struct view text = view_of(bind->text);
	if (text.len > c->max_chars)
		text.len = 0;
	set_bytes(bind, MYSQL_TYPE_STRING, text);
}

static bool
bind_value(struct bind *bind, const struct table_column *c,
	   const struct row *row, char **scratch)
{
	const void *value = store_column_value(c->known, row);

	memset(bind->parameter, 0, sizeof(*bind->parameter));
	switch (c->known->kind) {
	case VALUE_ID:
	case VALUE_TEXT:
	case VALUE_BODY:
		return set_text(bind, c, row, scratch);
	case VALUE_RAW:
		set_raw(bind, c, row, scratch);
		return true;
	case VALUE_IS_SET:
		set_number(bind, c, ((const struct view *)value)->len > 0);
		return true;
	case VALUE_FLAG:
		set_number(bind, c, *(const bool *)value);
		return true;
	case VALUE_SIZE:
		set_number(bind, c, (int64_t)*(const size_t *)value);
		return true;
	case VALUE_REAL:
		bind->real = *(const double *)value;
		bind->parameter->buffer_type = MYSQL_TYPE_DOUBLE;
		bind->parameter->buffer = &bind->real;
		return true;
	case VALUE_DATE:
		set_date(bind, c, *(const int64_t *)value);
		return true;
	case VALUE_ADDRESS:
		set_address(bind, c, value);
		return true;
	}
	return true;
}

/* Everything that must be copied has its room before the first pointer into
 * it is taken. Looks at every byte, once. */
static void
reserve_scratch(struct bind_rows *b, const struct table *table,
		struct rows rows, bool in_pieces)
{
	size_t need = 1;
	size_t p = 0;

	for (size_t n = 0; n < rows.count; n++) {
		for (size_t k = 0; k < table->count; k++, p++) {
			const struct table_column *c = &table->columns[k];
			struct bind *bind = &b->binds[p];
			*bind = (struct bind){ .parameter = &b->parameters[p],
					       .in_pieces = in_pieces };
			if (c->known->kind != VALUE_RAW)
				bind->scratch = column_text_scratch(
					c, store_column_text(c->known,
							     &rows.at[n]));
			else if (!in_pieces)
				bind->scratch = (table_is_exact(c) ? 1 : 4) *
						row_raw_bytes(&rows.at[n]);
			need += bind->scratch;
		}
	}
	if (need <= b->scratch_size && b->scratch_size <= KEPT_SCRATCH)
		return;
	free(b->scratch);
	b->scratch = memory_resize(NULL, need);
	b->scratch_size = need;
}

const struct table_column *
bind_all(struct bind_rows *b, const struct table *table, struct rows rows,
	 bool in_pieces)
{
	reserve_scratch(b, table, rows, in_pieces);
	char *scratch = b->scratch;
	size_t p = 0;
	for (size_t n = 0; n < rows.count; n++) {
		for (size_t k = 0; k < table->count; k++, p++) {
			const struct table_column *column = &table->columns[k];
			if (!bind_value(&b->binds[p], column, &rows.at[n],
					&scratch))
				return column;
		}
	}
	assert(scratch < b->scratch + b->scratch_size);
	return NULL;
}
