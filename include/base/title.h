/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ps shows for a process. */
#ifndef BASE_TITLE_H
#define BASE_TITLE_H

/* Makes room for titles where the arguments lie; the environment moves away
 * from there. Once, before any thread. argv stays readable as a copy that is
 * returned. */
char **title_prepare(int argc, char **argv);

/* "guerrilla-smtpd: " and the text; nothing before title_prepare. */
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
