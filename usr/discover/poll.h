/* SPDX-License-Identifier: GPL-2.0 */
/* The loop that avahi-core asks for, on sd-event's. */
#ifndef HEARTH_DISCOVER_POLL_H
#define HEARTH_DISCOVER_POLL_H

#include <avahi-common/watch.h>
#include <systemd/sd-event.h>

/* @event has to outlive what uses @poll. */
void poll_init(AvahiPoll *poll, sd_event *event);

#endif
