// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "session.h"

#define SECOND		1000000ull	/* of sd-event's times */
#define HELD_MAX	(32u << 20)	/* bytes, before the request that is too much */
#define REQUESTS_MAX	4096u
#define SILENCE		(60 * SECOND)	/* of a client with answers to be read */
#define RETRY		(20000ull)
#define HOPELESS	(5 * SECOND)	/* without memory, while nothing is under way */
#define STOP		(5 * SECOND)	/* till the device has given back everything */
#define MESSAGES	256u		/* in a turn of the loop */

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec / 1000;
}

void session_end(struct session *session, int code, const char *why)
{
	if (session->over)
		return;
	session->over = true;
	error_set(&session->why, code, "%s", why);
	sd_event_exit(session->event, 0);
}

static void no_memory(struct session *session)
{
	session_end(session, ENOMEM, "out of memory");
}

/* --- answers ------------------------------------------------------------------------------- */

static void answer_unlink(struct session *session, uint32_t seq, int status)
{
	const struct urb urb = { .command = URB_UNLINK, .seq = seq };
	struct request *request = request_new(&session->table, session, &urb,
					      URB_NO_ENDPOINT);

	if (!request) {
		no_memory(session);
		return;
	}
	request_unlinked(request, status);
	outbox_put(&session->outbox, request);
}

static void answer(struct session *session, struct request *request)
{
	uint32_t unlink = request->unlink;
	bool unlinked = request->unlinked;

	request_unlist(&session->table, request);
	outbox_put(&session->outbox, request);
	/* It was through before: as if the unlink had come behind it. */
	if (unlinked)
		answer_unlink(session, unlink, 0);
}

static void answer_status(struct session *session, struct request *request,
			  int status)
{
	request_answer(request, status);
	answer(session, request);
}

/* It has not been carried out, as the client wished. */
static void forget(struct session *session, struct request *request)
{
	uint32_t unlink = request->unlink;

	request_free(&session->table, request);
	answer_unlink(session, unlink, -ECONNRESET);
}

/* libusb is through with it. */
static void on_done(struct libusb_transfer *transfer)
{
	struct request *request = transfer->user_data;
	struct session *session = request->session;
	int status = device_status(transfer->status);

	request->running = false;
	session->running--;
	session->controls -= request->type == URB_CONTROL;
	if (transfer->status == LIBUSB_TRANSFER_NO_DEVICE)
		session_end(session, ENODEV, "the device has left");
	if (session->over) {
		request_free(&session->table, request);
		return;
	}
	if (transfer->status == LIBUSB_TRANSFER_CANCELLED) {
		if (request->unlinked) {
			forget(session, request);
			return;
		}
		/* its endpoint is no more, or begins anew */
		status = -ESHUTDOWN;
	}
	request_finish(request, status);
	answer(session, request);
}

/* --- to the device ---------------------------------------------------------------------------- */

static const uint8_t types[] = {
	[URB_CONTROL] = LIBUSB_TRANSFER_TYPE_CONTROL,
	[URB_ISO] = LIBUSB_TRANSFER_TYPE_ISOCHRONOUS,
	[URB_BULK] = LIBUSB_TRANSFER_TYPE_BULK,
	[URB_INTERRUPT] = LIBUSB_TRANSFER_TYPE_INTERRUPT,
};

static void fill(struct session *session, struct request *request)
{
	struct libusb_transfer *transfer = request->transfer;
	const struct urb *urb = &request->urb;
	uint32_t i, length = urb->length;

	if (request->type == URB_CONTROL) {
		memcpy(request->buffer, urb->setup, URB_SETUP);
		length = URB_SETUP + urb_setup_length(urb->setup);
	}
	libusb_fill_bulk_transfer(transfer, session->device->handle,
				  urb->ep | (urb->ep && urb->in ?
					     LIBUSB_ENDPOINT_IN : 0),
				  request->buffer, (int)length, on_done,
				  request, 0);
	transfer->type = types[request->type];
	transfer->num_iso_packets = (int)urb->packets;
	for (i = 0; i < urb->packets; i++)
		transfer->iso_packet_desc[i].length =
			request->packets[i].length;
	if (request->type == URB_BULK && !urb->in &&
	    urb->flags & URB_ZERO_PACKET)
		transfer->flags |= LIBUSB_TRANSFER_ADD_ZERO_PACKET;
}

/* Returns false where there is no memory for it now. */
static bool submit(struct session *session, struct request *request)
{
	fill(session, request);
	switch (libusb_submit_transfer(request->transfer)) {
	case 0:
		request->running = true;
		session->running++;
		session->controls += request->type == URB_CONTROL;
		return true;
	case LIBUSB_ERROR_NO_MEM:
		return false;
	case LIBUSB_ERROR_NO_DEVICE:
		session_end(session, ENODEV, "the device has left");
		request_free(&session->table, request);
		return true;
	default:
		answer_status(session, request, request->type == URB_CONTROL ?
						-EPIPE : -EIO);
		return true;
	}
}

/* --- waiting ----------------------------------------------------------------------------------- */

/*
 * A request waits where the kernel has no memory for it, where one before it waits at the
 * same endpoint, and, if it is a control request that is answered here and at once, for those
 * that the device has got before it.
 */
static void park(struct session *session, struct request *request)
{
	request->next = NULL;
	if (session->waiting) {
		session->last_waiting->next = request;
	} else {
		session->waiting = request;
		session->waits_since = now();
		sd_event_source_set_time_relative(session->retry, RETRY);
		sd_event_source_set_enabled(session->retry, SD_EVENT_ONESHOT);
	}
	session->last_waiting = request;
}

/* Takes out the one behind @before, or the first one. */
static void cut(struct session *session, struct request *before,
		struct request *request)
{
	if (before)
		before->next = request->next;
	else
		session->waiting = request->next;
	if (session->last_waiting == request)
		session->last_waiting = before;
}

/* And back again. */
static void paste(struct session *session, struct request *before,
		  struct request *request)
{
	if (before)
		before->next = request;
	else
		session->waiting = request;
	if (session->last_waiting == before)
		session->last_waiting = request;
}

static void unpark(struct session *session, struct request *victim)
{
	struct request *request, *before = NULL;

	for (request = session->waiting; request != victim;
	     request = request->next)
		before = request;
	cut(session, before, victim);
}

static uint32_t endpoint(const struct request *request)
{
	return 1u << (request->urb.ep + (request->urb.ep && request->urb.in ?
					 16 : 0));
}

/* Does one wait at the same endpoint? */
static bool is_behind(const struct session *session,
		      const struct request *request)
{
	const struct request *other;

	for (other = session->waiting; other; other = other->next)
		if (endpoint(other) == endpoint(request))
			return true;
	return false;
}

/* --- taking back ------------------------------------------------------------------------------- */

/* Which of them a control request ends: those of an interface, or all but control ones. */
#define ALL_INTERFACES	(-1)

static bool ends(const struct session *session, const struct request *request,
		 int interface)
{
	if (request->type == URB_CONTROL)
		return false;
	return interface == ALL_INTERFACES ||
	       interface == device_interface(session->device, request->urb.ep,
					     request->urb.in);
}

/* Calls each of those without an answer that are ended; returns how many libusb has. */
static unsigned int end_each(struct session *session, int interface,
			     bool everything)
{
	struct request *request, *next;
	unsigned int i, running = 0;

	for (i = 0; i < REQUEST_CHAINS; i++)
		for (request = session->table.chains[i]; request;
		     request = next) {
			next = request->chain;
			if (!everything && !ends(session, request, interface))
				continue;
			if (request->running) {
				libusb_cancel_transfer(request->transfer);
				running++;
			} else if (request != session->request) {
				unpark(session, request);
				answer_status(session, request, -ESHUTDOWN);
			}
		}
	return running;
}

/* Returns false where the device does not give them back in time. */
static bool take_back(struct session *session, int interface, bool everything)
{
	const uint64_t limit = now() + STOP;

	while (end_each(session, interface, everything)) {
		struct timeval tv = { .tv_usec = 100000 };

		if (now() > limit)
			return false;
		libusb_handle_events_timeout_completed(session->device->usb,
						       &tv, NULL);
	}
	return true;
}

/* --- one by one ---------------------------------------------------------------------------------- */

static enum urb_special special(const struct session *session,
				const struct request *request,
				uint16_t *value, uint16_t *index)
{
	enum urb_special special;

	if (request->type != URB_CONTROL)
		return URB_PLAIN;
	special = urb_special(request->urb.setup, value, index);
	/* of a hub it is a port's, and not the device's own */
	return special == URB_RESET_PORT && session->device->hub ? URB_PLAIN :
								   special;
}

static void carry_out_here(struct session *session, struct request *request,
			   enum urb_special what, uint16_t value,
			   uint16_t index)
{
	int interface = what == URB_SET_INTERFACE ? index : ALL_INTERFACES;

	if (what != URB_CLEAR_HALT && what != URB_SET_ADDRESS &&
	    !take_back(session, interface, false)) {
		session_end(session, EIO,
			    "the device does not give back what it was asked for");
		request_free(&session->table, request);
		return;
	}
	answer_status(session, request, device_special(session->device, what,
						       value, index));
}

enum outcome {
	DONE,
	NOT_YET,	/* others before it */
	NO_MEMORY,
};

/* @request waits no more, but where it was not to be done. */
static enum outcome go(struct session *session, struct request *request)
{
	uint16_t value, index;
	enum urb_special what = special(session, request, &value, &index);

	if (!request->refused && what == URB_PLAIN)
		return submit(session, request) ? DONE : NO_MEMORY;
	if (request->type == URB_CONTROL && session->controls)
		return NOT_YET;
	if (request->refused)
		answer_status(session, request, request->refused);
	else
		carry_out_here(session, request, what, value, index);
	return DONE;
}

/* Nothing of its own is under way whose end could make room, and that for long. */
static bool is_hopeless(const struct session *session)
{
	return !session->running && now() - session->waits_since > HOPELESS;
}

/* Returns whether one of those that wait is done. */
static bool retry_one(struct session *session)
{
	struct request *request, *before = NULL;
	enum outcome outcome;
	uint32_t blocked = 0;

	for (request = session->waiting; request;
	     before = request, request = request->next) {
		if (blocked & endpoint(request))
			continue;
		cut(session, before, request);
		outcome = go(session, request);
		if (outcome == NO_MEMORY && is_hopeless(session)) {
			answer_status(session, request, -EIO);
			outcome = DONE;
		}
		if (outcome == DONE) {
			session->waits_since = now();
			return true;
		}
		paste(session, before, request);
		if (outcome == NO_MEMORY)
			return false;
		blocked |= endpoint(request);
	}
	return false;
}

static void retry(struct session *session)
{
	while (!session->over && retry_one(session))
		;
}

static int on_retry(sd_event_source *s, uint64_t usec, void *arg)
{
	struct session *session = arg;

	(void)usec;
	session_go_on(session);
	if (session->waiting) {
		sd_event_source_set_time_relative(s, RETRY);
		sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	}
	return 0;
}

/* --- from the client ---------------------------------------------------------------------------- */

/* It has come with all that belongs to it. */
static void carry_out(struct session *session, struct request *request)
{
	session->request = NULL;
	session->arriving = SESSION_HEADER;
	inbox_want(&session->inbox, session->header, URB_HEADER);
	if (!request->refused && request->urb.packets && !request->urb.in &&
	    !request_gather(request)) {
		no_memory(session);
		request_free(&session->table, request);
		return;
	}
	if (is_behind(session, request) || go(session, request) != DONE)
		park(session, request);
}

static void unlink_request(struct session *session, const struct urb *urb)
{
	struct request *victim = request_find(&session->table, urb->victim);

	inbox_want(&session->inbox, session->header, URB_HEADER);
	if (!victim || victim->unlinked) {
		/* its answer is on the way already, or it never was */
		answer_unlink(session, urb->seq, 0);
		return;
	}
	victim->unlinked = true;
	victim->unlink = urb->seq;
	if (victim->running) {
		libusb_cancel_transfer(victim->transfer);
		return;
	}
	unpark(session, victim);
	forget(session, victim);
}

/* Makes room for what follows the header. */
static void begin(struct session *session, const struct urb *urb)
{
	enum urb_type type = device_type(session->device, urb->ep, urb->in);
	struct request *request;

	if (request_find(&session->table, urb->seq)) {
		session_end(session, EPROTO,
			    "the client uses the number of a request that is not answered");
		return;
	}
	request = request_new(&session->table, session, urb, type);
	if (!request) {
		no_memory(session);
		return;
	}
	request_list(&session->table, request);
	session->request = request;
	request->refused = urb_refused(urb, type);
	if ((urb->packets && !request_room_packets(&session->table, request)) ||
	    (!request->refused && !request_room_data(&session->table, request))) {
		no_memory(session);
		return;
	}
	session->arriving = SESSION_DATA;
	inbox_want(&session->inbox, request->refused ? NULL :
		   request_data(request), urb_data_size(urb));
}

static void take_header(struct session *session)
{
	struct urb urb;
	struct error err;

	if (urb_parse(session->header, session->devid, &urb, &err))
		session_end(session, EPROTO, err.text);
	else if (urb.command == URB_UNLINK)
		unlink_request(session, &urb);
	else
		begin(session, &urb);
}

/* A piece has come; asks for the next one. */
static void take_piece(struct session *session)
{
	struct request *request = session->request;
	struct error err;

	switch (session->arriving) {
	case SESSION_HEADER:
		take_header(session);
		break;
	case SESSION_DATA:
		session->arriving = SESSION_PACKETS;
		inbox_want(&session->inbox, request->descriptors,
			   urb_packets_size(&request->urb));
		break;
	case SESSION_PACKETS:
		if (request->urb.packets &&
		    urb_parse_packets(request->descriptors, &request->urb,
				      request->packets, &err))
			session_end(session, EPROTO, err.text);
		else
			carry_out(session, request);
		break;
	}
}

/* --- the connection ------------------------------------------------------------------------------ */

static bool has_room(const struct session *session)
{
	return session->arriving != SESSION_HEADER ||
	       (session->table.held < HELD_MAX &&
		session->table.n < REQUESTS_MAX);
}

static void lost(struct session *session, int ret)
{
	struct error err;

	if (ret == -ENODATA)
		error_set(&err, ECONNRESET, "the client closed the connection");
	else
		error_set(&err, -ret, "the connection to the client broke: %s",
			  strerror(-ret));
	session_end(session, err.code, err.text);
}

static void receive(struct session *session)
{
	unsigned int i;
	int ret = 1;

	for (i = 0; ret > 0 && i < 3 * MESSAGES && !session->over &&
	     has_room(session); i++) {
		ret = inbox_take(&session->inbox);
		if (ret > 0)
			take_piece(session);
	}
	if (ret < 0)
		lost(session, ret);
}

/* Returns false where there is something left to be sent. */
static void send_answers(struct session *session)
{
	ssize_t n = outbox_send(&session->outbox, &session->table);

	if (n < 0) {
		lost(session, (int)n);
		return;
	}
	if (!session->outbox.first)
		sd_event_source_set_enabled(session->silence, SD_EVENT_OFF);
	else if (n || !sd_event_source_get_enabled(session->silence, NULL)) {
		sd_event_source_set_time_relative(session->silence, SILENCE);
		sd_event_source_set_enabled(session->silence,
					    SD_EVENT_ONESHOT);
	}
}

void session_go_on(struct session *session)
{
	bool full;

	if (session->over)
		return;
	retry(session);
	send_answers(session);
	full = !has_room(session);
	/* of what has been read already the connection tells nothing */
	if (!full && session->inbox.at < session->inbox.end)
		sd_event_source_set_enabled(session->more, SD_EVENT_ONESHOT);
	sd_event_source_set_io_events(session->io, (full ? 0 : EPOLLIN) |
				      (session->outbox.first ? EPOLLOUT : 0));
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct session *session = arg;

	(void)s;
	(void)fd;
	if (events & EPOLLIN)
		receive(session);
	else if (events & (EPOLLHUP | EPOLLERR))
		session_end(session, ECONNRESET,
			    "the connection to the client broke");
	session_go_on(session);
	return 0;
}

static int on_more(sd_event_source *s, void *arg)
{
	(void)s;
	receive(arg);
	session_go_on(arg);
	return 0;
}

static int on_silence(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	session_end(arg, ETIMEDOUT,
		    "the client has not taken an answer for a minute");
	return 0;
}

int session_start(struct session *session, sd_event *event,
		  struct device *device, int fd, uint32_t devid,
		  struct error *err)
{
	memset(session, 0, sizeof(*session));
	session->event = event;
	session->device = device;
	session->devid = devid;
	session->inbox.fd = fd;
	session->outbox.fd = fd;
	inbox_want(&session->inbox, session->header, URB_HEADER);
	if (sd_event_add_io(event, &session->io, fd, EPOLLIN, on_io, session) < 0 ||
	    sd_event_add_time_relative(event, &session->silence,
				       CLOCK_MONOTONIC, SILENCE, 0, on_silence,
				       session) < 0 ||
	    sd_event_add_time_relative(event, &session->retry, CLOCK_MONOTONIC,
				       RETRY, 0, on_retry, session) < 0 ||
	    sd_event_add_defer(event, &session->more, on_more, session) < 0)
		return error_set(err, ENOMEM, "out of memory");
	sd_event_source_set_enabled(session->silence, SD_EVENT_OFF);
	sd_event_source_set_enabled(session->retry, SD_EVENT_OFF);
	sd_event_source_set_enabled(session->more, SD_EVENT_OFF);
	return 0;
}

bool session_stop(struct session *session)
{
	bool back;

	session_end(session, ECANCELED, "stopped");
	sd_event_source_disable_unref(session->io);
	sd_event_source_disable_unref(session->silence);
	sd_event_source_disable_unref(session->retry);
	sd_event_source_disable_unref(session->more);
	back = take_back(session, ALL_INTERFACES, true);
	if (back && session->request)
		request_free(&session->table, session->request);
	outbox_clear(&session->outbox, &session->table);
	return back;
}
