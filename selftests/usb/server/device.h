/* SPDX-License-Identifier: GPL-2.0 */
/* A device that is served: its endpoints, and what it does with requests. */
#ifndef DEVICE_H
#define DEVICE_H

#include "wire.h"

struct conn;
struct device;

struct endpoint {
	uint8_t address;		/* 0x80: in */
	uint8_t type;			/* of bmAttributes */
};

/* What is the same for all devices of a kind. */
struct kind {
	const char *name;
	uint8_t class, subclass, protocol;
	const struct endpoint *endpoints;
	unsigned int n_endpoints;

	void (*init)(struct device *dev);
	/* A new request, an endpoint that is no longer halted, an end of work. */
	void (*work)(struct device *dev);
	/* The device is reset, or its client is new or gone. */
	void (*reset)(struct device *dev);
	/* A class request; false: stall. May be NULL. */
	bool (*control)(struct device *dev, struct urb *urb);
};

struct device {
	unsigned int number;		/* from 0 */
	struct conn *conn;		/* of the client that has it */
	struct urb *queue[2][16];	/* by direction (1: in) and endpoint */
	bool halted[2][16];
	uint8_t configuration;
	int64_t busy_until;		/* on the clock of now_ms(), or 0 */
	void *priv;			/* the kind's */
};

extern const struct kind kind_echo;
extern const struct kind kind_disk;

void devices_init(void);
struct device *device_at(unsigned int number);
struct device *device_find(const char *busid);

/* Import and its end. False: another client has it. */
bool device_claim(struct device *dev, struct conn *conn);
void device_release(struct device *dev);

/* 312 and 4 bytes of OP_REP_DEVLIST and OP_REP_IMPORT. */
void device_pack(const struct device *dev, uint8_t *p);
void device_pack_interface(const struct device *dev, uint8_t *p);

/* Takes @urb, which ends in conn_answer(). */
void device_submit(struct device *dev, struct urb *urb);

/* Takes the request out of its queue and returns it, or NULL. */
struct urb *device_cancel(struct device *dev, uint32_t seq);

/* The first request in a queue, or NULL; and the same, taken out. */
struct urb *device_peek(struct device *dev, bool in, uint8_t ep);
struct urb *device_take(struct device *dev, bool in, uint8_t ep);

/* The request waits till it is cancelled or the device is reset. */
void device_lose(struct device *dev, struct urb *urb);

/* Wakes those that are no longer busy. @wait is lowered to the ms till the next. */
void devices_wake(int *wait);

/* An endpoint stalls till the client clears it. */
void device_halt(struct device *dev, bool in, uint8_t ep);

/* control.c: a request to endpoint 0 */
void control(struct device *dev, struct urb *urb);
void device_reset(struct device *dev);
void device_clear_halt(struct device *dev, uint8_t address);

/* descriptors.c: the bytes of a descriptor in @buf; 0: there is none */
#define DESCRIPTOR_MAX	65536
size_t descriptor(const struct device *dev, uint16_t value, uint8_t *buf);

#endif
