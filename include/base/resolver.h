/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The C library's resolver in a process that will be walled in. */
#ifndef BASE_RESOLVER_H
#define BASE_RESOLVER_H

/* Before the first look-up and before the sandbox: DNS is asked by TCP, since
 * no process may have UDP sockets, and the libraries that nsswitch.conf names
 * are loaded, since none can be loaded later. */
void resolver_prepare(void);

#endif
