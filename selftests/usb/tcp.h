/* SPDX-License-Identifier: GPL-2.0 */
/* TCP over loopback. What fails ends the program. */
#ifndef TCP_H
#define TCP_H

#include <stdint.h>

/* A connection to a port of 127.0.0.1. */
int tcp_dial(uint16_t port);

/* The same of a socket that is not connected. */
void tcp_connect(int fd, uint16_t port);

/* Two ends of a connection; the second one in @other. The listener is closed. */
int tcp_pair(int *other);

/* A socket that listens. */
int tcp_listener(void);

#endif
