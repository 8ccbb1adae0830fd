/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child that crashes, or that the watchdog aborts, logs its stack. */
#ifndef SUPERVISOR_CRASH_TRACE_H
#define SUPERVISOR_CRASH_TRACE_H

/* In the child, before the sandbox: what it loads is loaded now. */
void crash_trace_prepare(void);

#endif
