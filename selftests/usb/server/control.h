/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to endpoint 0. Source: USB 2.0, chapter 9. */
#ifndef CONTROL_H
#define CONTROL_H

struct device;
struct urb;

/* Carries @urb out and answers it, at once. */
void control_submit(struct device *dev, struct urb *urb);

#endif
