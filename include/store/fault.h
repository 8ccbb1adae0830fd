/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the database said when it did not do as it was told. */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

enum { FAULT_TEXT_SIZE = 320 };

struct store_fault {
	int error;              /* as MySQL numbers them; 0: none */
	char text[FAULT_TEXT_SIZE];
};

/* A fault that we found ourselves, in the database's numbering. */
void fault_set(struct store_fault *f, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
