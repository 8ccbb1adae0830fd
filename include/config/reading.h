/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run of config_read: what has been read so far and what is wrong with
 * it. All text lives in the configuration's arena. */
#ifndef CONFIG_READING_H
#define CONFIG_READING_H

#include "config/config.h"
#include "config/faults.h"
#include "config/keys.h"

/* Longer ones do not exist; some sentences quote them twice. */
enum { LONGEST_PATH = 16 * 1024 };

struct setting_value {
	const char *text;               /* NULL until it is decoded */
	struct place at;
};

/* A section with a title: one listener, one certificate. */
struct block {
	const struct section *section;
	const char *title;              /* NULL until it is decoded */
	struct place at;
};

/* key = value */
struct setting {
	const struct key *key;
	int block;                      /* the one it stands in, or -1 */
	struct place at;
	struct setting_value *values;
	size_t count;
	bool appends;                   /* += */
};

struct reading {
	struct config *config;
	struct faults faults;
	struct faults warnings;
	const char **names;             /* configuration files, 0 first */
	size_t name_count;

	struct setting *settings;
	size_t setting_count;
	struct block *blocks;
	size_t block_count;

	/* What libconfuse is given: one token a row, no comments, includes
	 * in their place, nothing that it does not know. */
	struct buf clean;
	struct place *rows;             /* where row i + 1 comes from */
	size_t row_count;
	bool is_cut;                    /* by a syntax error */
};

/* Ends what reading needed beside the configuration, passwords wiped. */
void reading_release(struct reading *r);

/* The number of one more file that faults may stand in. */
unsigned reading_add_name(struct reading *r, const char *path);

/* path as seen from the directory of configuration file number file. */
const char *reading_resolve(struct reading *r, unsigned file,
			    const char *path);

/* directory/name, in the arena. */
const char *reading_path_in(struct arena *arena, const char *directory,
			    const char *name);

/* A file, and who names it. */
struct named_file {
	struct place at;
	const char *key;                /* "mysql.tls_ca"; NULL: -c */
	const char *path;
};

/* Reads a plain file whole, up to the ceiling of text_out (NULL: opens it and
 * no more), and notes it with its modes. Released by the caller. False with a
 * fault where it is named. */
bool reading_load(struct reading *r, const struct named_file *file,
		  struct buf *text_out);

/* Overwrites what may hold a password, and releases it. */
void reading_wipe(struct buf *text);

/* Takes the configuration file apart: settings, blocks and clean are filled,
 * values are not decoded yet. */
void parser_read(struct reading *r, const char *file);

/* Forgets the settings read so far and reads one line of that file as if it
 * were a file of its own. */
void parser_read_line(struct reading *r, unsigned file, struct view line);

/* Decodes all values and titles, by libconfuse. */
void string_values_decode(struct reading *r);

/* One raw token (quotes and all) decoded into the arena; NULL where it is
 * no value. */
const char *string_value_decode(struct arena *arena, struct view raw);

/* The settings to the fields of struct config, defaults first. */
void reading_assign(struct reading *r);

/* What is more than one field: listeners, certificates, hosts, ranges,
 * domains, passwords; then what contradicts what. */
void reading_fill_listeners(struct reading *r, unsigned port);
void reading_fill_certificates(struct reading *r);
void reading_fill_ranges(struct reading *r);
void reading_fill_domains(struct reading *r);
void reading_fill_database(struct reading *r);
void reading_fill_retention(struct reading *r);
void reading_check(struct reading *r);

/* The setting that gave the key its value last; NULL: the default. */
const struct setting *reading_find(const struct reading *r,
				   const char *section, const char *name);

/* The same inside a block. */
const struct setting *reading_find_in(const struct reading *r, int block,
				      const char *section, const char *name);

/* The values of a list as the file gives them; false at the end. */
struct value_walk {
	size_t setting, value;          /* begin with 0 */
	const char *text;
	struct place at;
};
bool reading_next_value(const struct reading *r, const char *section,
			const char *name, struct value_walk *walk);

/* Sets the field of base, which key->offset counts from, to the setting's
 * value, or notes a fault. */
void reading_set(struct reading *r, void *base, const struct setting *s);

/* Sets it to the key's default; a word without one is left as it is. */
void reading_set_default(void *base, const struct key *key);

/* A fault of that key, where it was set, or at the first line. */
void reading_fault(struct reading *r, const char *section, const char *name,
		   const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same, where the program can go on. */
void reading_warn(struct reading *r, const char *section, const char *name,
		  const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
