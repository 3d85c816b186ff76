/* SPDX-License-Identifier: GPL-2.0 */
/* A device that is served: its endpoints, and what it does with requests. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct device;
struct urb;

/* As USB/IP counts them. */
enum device_speed {
	SPEED_FULL = 2,
	SPEED_HIGH = 3,
	SPEED_SUPER = 5,
};

/* pid.codes, a product id for tests */
#define DEVICE_TEST_VENDOR	0x1209
#define DEVICE_TEST_PRODUCT	0x0001

struct endpoint {
	uint8_t address;		/* 0x80: in */
	uint8_t type;			/* of bmAttributes */
};

/* What is the same for all devices of a kind. */
struct kind {
	const char *name;
	uint16_t vendor, product;
	uint8_t class, subclass, protocol;
	const struct endpoint *endpoints;
	unsigned int n_endpoints;

	void (*init)(struct device *dev);
	/* A new request, an endpoint that is no longer halted, an end of work. */
	void (*work)(struct device *dev);
	/* The device is reset, or its client is new or gone. */
	void (*reset)(struct device *dev);
	/* A class or vendor request; false: stall. May be NULL. */
	bool (*control)(struct device *dev, struct urb *urb);
};

/* Who has imported it. */
struct client {
	/* @urb is carried out: tell it. It is freed behind this. */
	void (*answer)(struct client *client, const struct urb *urb);
	/* The connection is to end here and now. */
	void (*drop)(struct client *client);
};

struct device {
	unsigned int number;		/* from 0 */
	const struct kind *kind;
	enum device_speed speed;
	struct client *client;
	bool dropped;			/* its connection ends */
	struct urb *queue[2][16];	/* by direction (1: in) and endpoint */
	bool halted[2][16];
	uint8_t configuration;
	int64_t busy_until;		/* on the clock of sys_now_ms(), or 0 */
	void *priv;			/* the kind's */
};

/* --- for connections --- */

void device_init(struct device *dev, unsigned int number,
		 const struct kind *kind, enum device_speed speed);

/* Import and its end. False: another client has it. */
bool device_claim(struct device *dev, struct client *client);
void device_release(struct device *dev);

/* Takes @urb, not to endpoint 0, which ends in client->answer() or device_cancel(). */
void device_submit(struct device *dev, struct urb *urb);

/* Takes the request out of its queue and returns it, or NULL. */
struct urb *device_cancel(struct device *dev, uint32_t seq);

/* Goes on if it is no longer busy. @wait is lowered to the ms till then. */
void device_wake(struct device *dev, int *wait);

/* --- for endpoint 0 --- */

void device_reset(struct device *dev);
void device_configure(struct device *dev, uint8_t configuration);
void device_clear_halt(struct device *dev, uint8_t address);

/* --- for kinds --- */

/* The device is through with @urb: answers and frees it. */
void device_answer(struct device *dev, struct urb *urb, int32_t status,
		   uint32_t actual);

/* The first request in a queue, or NULL; and the same, taken out. */
struct urb *device_peek(struct device *dev, bool in, uint8_t ep);
struct urb *device_take(struct device *dev, bool in, uint8_t ep);

/* The request waits till it is cancelled or the device is reset. */
void device_lose(struct device *dev, struct urb *urb);

/* An endpoint stalls till the client clears it. */
void device_halt(struct device *dev, bool in, uint8_t ep);

/* Takes the device, and its client, off the bus. */
void device_drop(struct device *dev);

#endif
