/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What systemd is told (sd_notify(3)), where it asked to be told. */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

#include <stdint.h>

/* Sends the assignments, a line each, to NOTIFY_SOCKET; nothing without. */
void notify_send(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* A reload begins: RELOADING with the time that notify-reload wants. */
void notify_reloading(void);

/* How often WATCHDOG=1 is expected at least, halved; 0: never. */
int64_t notify_watchdog_ms(void);

#endif
