/* SPDX-License-Identifier: GPL-2.0 */
/*
 * USB/IP 1.1.1 as bare messages from userspace, for the programs that measure
 * what the messages alone cost. One that fails ends the program.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdint.h>

/* Connect to @host:@port and take @busid. */
void wire_import(const char *host, int port, const char *busid);

/* Send a request; @buf is sent unless @in. Returns its sequence number. */
uint32_t wire_submit(int ep, int in, const void *setup, const void *buf,
		     uint32_t len);

/*
 * Receive the answer to any request, with @len bytes of room for data if the
 * request was @in. Sets @actual. Returns its sequence number.
 */
uint32_t wire_answer(int in, void *buf, uint32_t len, uint32_t *actual);

/* Both, for one request. Returns the bytes moved. */
uint32_t wire_urb(int ep, int in, const void *setup, void *buf, uint32_t len);

/* Set the first configuration; its descriptors go to @buf. Returns bytes. */
uint32_t wire_configure(uint8_t *buf, uint32_t len);

/* The buffers of what is submitted are scatter lists, to the server. */
void wire_scatter(int on);

/* What is submitted is sent with the next message, or by wire_answer(). */
void wire_cork(int on);

#endif
