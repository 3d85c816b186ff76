/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lie that is told, if any. Without one, and while the gate is closed, each
 * hook does what an honest server does.
 */
#ifndef LIE_H
#define LIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cancel;
struct msg;
struct teller;
struct urb;

/* False: there is no such lie. */
bool lie_choose(const char *name);
void lie_print(void);

/* Does it take a small receive buffer? */
bool lie_is_narrow(void);

/* Spoils the true OP_REP_DEVLIST. */
void lie_devlist(struct msg *msg);

/* Sends the true OP_REP_IMPORT, or what the lie likes, and owns it. */
void lie_import(struct teller *t, struct msg *msg);

/* Spoils @len bytes of descriptor @value; returns their new number. */
size_t lie_descriptor(uint16_t value, uint8_t *buf, size_t len);

/* The header of @urb has come, and its data has not. */
void lie_header(struct teller *t, const struct urb *urb);

/* All of @urb has come. True: the device must not see it. */
bool lie_submit(struct teller *t, const struct urb *urb);

/* Answers CMD_UNLINK. */
void lie_cancel(struct teller *t, const struct cancel *cancel);

/* Answers @urb, which the device has carried out. */
void lie_answer(struct teller *t, const struct urb *urb);

#endif
