// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "utf8.h"
#include "wire.h"

#define NAME	{ WIRE_ATTR_NAME, FRAME_TEXT, "name", 1, PEER_NAME - 1, true, false, NULL }
#define PORT	{ WIRE_ATTR_PORT, FRAME_U32, "port", 1, UINT16_MAX, false, false, NULL }
#define TIME	{ WIRE_ATTR_TIME, FRAME_U64, "time", 0, UINT64_MAX, true, false, NULL }
#define PROOF	{ WIRE_ATTR_PROOF, FRAME_BYTES, "proof", WIRE_PROOF, WIRE_PROOF, true, false, NULL }
#define ROLE	{ WIRE_ATTR_ROLE, FRAME_U32, "role", 0, PEER_SELF, true, false, NULL }
#define ID	{ WIRE_ATTR_ID, FRAME_BYTES, "id", PEER_ID, PEER_ID, true, false, NULL }

#define ADDRESS	{ WIRE_ATTR_ADDRESS, FRAME_TEXT, "address", 1, WIRE_ADDRESS - 1, false, true, NULL }
#define PAIRING	{ WIRE_ATTR_PAIRING, FRAME_U32, "pairing", 0, 1, true, false, NULL }

static const struct frame_attr hello[] = {
	NAME, PORT,
	{ WIRE_ATTR_RUN, FRAME_U64, "run", 1, UINT64_MAX, false, false, NULL },
};
static const struct frame_attr ping[] = { TIME };
static const struct frame_attr bye[] = {
	{ WIRE_ATTR_REASON, FRAME_U32, "reason", 0, WIRE_BYE_LAST, true, false, NULL },
};
static const struct frame_attr join[] = { PROOF, NAME, PORT };
static const struct frame_attr node[] = {
	NAME,
	{ WIRE_ATTR_PRIVATE, FRAME_BYTES, "private key", 1, WIRE_PRIVATE_MAX, true, false, NULL },
};
static const struct frame_attr peer[] = { ID, NAME, ROLE, ADDRESS };
static const struct frame_attr announce[] = { ID, NAME, PORT, PAIRING };
static const struct frame_attr seen[] = { ID, NAME, ADDRESS, PAIRING };
static const struct frame_attr gone[] = { ID };
static const struct frame_attr device[] = {
	{ WIRE_ATTR_BUSID, FRAME_TEXT, "bus id", 1, USBIP_BUSID_SIZE - 1, true, false, NULL },
	{ WIRE_ATTR_PLUG, FRAME_U64, "plug", 0, UINT64_MAX, true, false, NULL },
	{ WIRE_ATTR_VENDOR, FRAME_U32, "vendor", 0, UINT16_MAX, true, false, NULL },
	{ WIRE_ATTR_PRODUCT, FRAME_U32, "product", 0, UINT16_MAX, true, false, NULL },
	{ WIRE_ATTR_SERIAL, FRAME_TEXT, "serial number", 1, USBRULE_SERIAL - 1, false, false, NULL },
	{ WIRE_ATTR_HOLD, FRAME_U32, "hold", 0, WIRE_HOLD_LAST, true, false, NULL },
	{ WIRE_ATTR_CLASSES, FRAME_BYTES, "classes", 6, USBCLASS_BYTES, false, false, NULL },
};

#define MESSAGE(type, name, attrs) \
	{ type, name, sizeof(attrs) / sizeof(*(attrs)), attrs }

const struct frame_policy wire_policies[] = {
	MESSAGE(WIRE_HELLO, "HELLO", hello),
	MESSAGE(WIRE_PING, "PING", ping),
	MESSAGE(WIRE_PONG, "PONG", ping),
	MESSAGE(WIRE_BYE, "BYE", bye),
	MESSAGE(WIRE_JOIN, "JOIN", join),
	MESSAGE(WIRE_WELCOME, "WELCOME", join),
	MESSAGE(WIRE_NODE, "NODE", node),
	MESSAGE(WIRE_PEER, "PEER", peer),
	MESSAGE(WIRE_ANNOUNCE, "ANNOUNCE", announce),
	MESSAGE(WIRE_SEEN, "SEEN", seen),
	MESSAGE(WIRE_GONE, "GONE", gone),
	{ WIRE_WATCH, "WATCH", 0, NULL },
	MESSAGE(WIRE_DEVICE, "DEVICE", device),
	{ 0 },
};

static const struct frame_policy *policy_of(unsigned int type)
{
	const struct frame_policy *policy;

	for (policy = wire_policies; policy->name; policy++)
		if (policy->type == type)
			return policy;
	return NULL;
}

static int take_addresses(const struct frame_attr *attr,
			  const struct frame *frame, struct wire *wire,
			  struct error *err)
{
	struct frame_value value;
	size_t at = 0;

	while (frame_each(attr, frame->body, frame->size, &at, &value)) {
		if (wire->n_addresses == WIRE_ADDRESSES)
			return error_set(err, EPROTO, "more than %u addresses",
					 WIRE_ADDRESSES);
		memcpy(wire->addresses[wire->n_addresses++], value.data,
		       value.size);
	}
	return 0;
}

/* The same as take(), of what a DEVICE has. */
static int take_device(uint16_t type, const struct frame_value *value,
		       struct wire *wire, struct error *err)
{
	switch (type) {
	case WIRE_ATTR_BUSID:
		memcpy(wire->busid, value->data, value->size);
		if (!usbip_busid_valid(wire->busid))
			return error_set(err, EPROTO, "a bus id that is none");
		break;
	case WIRE_ATTR_PLUG:
		wire->plug = value->number;
		break;
	case WIRE_ATTR_VENDOR:
		wire->vendor = (uint16_t)value->number;
		break;
	case WIRE_ATTR_PRODUCT:
		wire->product = (uint16_t)value->number;
		break;
	case WIRE_ATTR_SERIAL:
		if (!utf8_shows((const char *)value->data, value->size))
			return error_set(err, EPROTO,
					 "a serial number that cannot be shown");
		memcpy(wire->serial, value->data, value->size);
		break;
	case WIRE_ATTR_HOLD:
		wire->hold = (enum wire_hold)value->number;
		break;
	case WIRE_ATTR_CLASSES:
		if (!usbclass_unpack(value->data, value->size, &wire->class))
			return error_set(err, EPROTO, "classes of no device");
		break;
	default:
		break;
	}
	return 0;
}

/* Copies the value of one attribute to where @wire has it. */
static int take(uint16_t type, const struct frame_value *value,
		struct wire *wire, struct error *err)
{
	switch (type) {
	case WIRE_ATTR_NAME:
		if (!peer_name_valid((const char *)value->data, value->size))
			return error_set(err, EPROTO,
					 "a name that cannot be shown");
		memcpy(wire->name, value->data, value->size);
		break;
	case WIRE_ATTR_PORT:
		wire->port = (uint16_t)value->number;
		break;
	case WIRE_ATTR_RUN:
		wire->run = value->number;
		break;
	case WIRE_ATTR_TIME:
		wire->time = value->number;
		break;
	case WIRE_ATTR_REASON:
		wire->reason = (enum wire_bye)value->number;
		break;
	case WIRE_ATTR_PROOF:
		memcpy(wire->proof, value->data, value->size);
		break;
	case WIRE_ATTR_ROLE:
		wire->role = (enum peer_role)value->number;
		break;
	case WIRE_ATTR_ID:
		memcpy(wire->id, value->data, value->size);
		break;
	case WIRE_ATTR_PAIRING:
		wire->pairing = value->number;
		break;
	case WIRE_ATTR_PRIVATE:
		memcpy(wire->private, value->data, value->size);
		wire->private_size = value->size;
		break;
	default:
		return take_device(type, value, wire, err);
	}
	return 0;
}

int wire_parse(const struct frame *frame, struct wire *wire, struct error *err)
{
	const struct frame_policy *policy = policy_of(frame->type);
	struct frame_value values[FRAME_ATTRS];
	size_t i;
	int ret;

	memset(wire, 0, sizeof(*wire));
	if (!policy)
		return error_set(err, EOPNOTSUPP, "a message of unknown type %u",
				 frame->type);
	wire->type = (enum wire_type)frame->type;
	ret = frame_parse(policy, frame, values, err);
	for (i = 0; !ret && i < policy->n; i++)
		if (values[i].count)
			ret = policy->attrs[i].type == WIRE_ATTR_ADDRESS ?
			      take_addresses(&policy->attrs[i], frame, wire, err) :
			      take(policy->attrs[i].type, &values[i], wire, err);
	return ret;
}

static void put_device(struct frame_out *out, const struct frame_attr *attr,
		       const struct wire *wire)
{
	uint8_t classes[USBCLASS_BYTES];

	switch (attr->type) {
	case WIRE_ATTR_BUSID:
		frame_put(out, attr, wire->busid, strlen(wire->busid));
		break;
	case WIRE_ATTR_PLUG:
		frame_put_number(out, attr, wire->plug);
		break;
	case WIRE_ATTR_VENDOR:
		frame_put_number(out, attr, wire->vendor);
		break;
	case WIRE_ATTR_PRODUCT:
		frame_put_number(out, attr, wire->product);
		break;
	case WIRE_ATTR_SERIAL:
		if (*wire->serial)
			frame_put(out, attr, wire->serial, strlen(wire->serial));
		break;
	case WIRE_ATTR_HOLD:
		frame_put_number(out, attr, wire->hold);
		break;
	case WIRE_ATTR_CLASSES:
		if (wire->class.n)
			frame_put(out, attr, classes,
				  usbclass_pack(&wire->class, classes));
		break;
	default:
		break;
	}
}

static void put(struct frame_out *out, const struct frame_attr *attr,
		const struct wire *wire)
{
	unsigned int i;

	switch (attr->type) {
	case WIRE_ATTR_NAME:
		frame_put(out, attr, wire->name, strlen(wire->name));
		break;
	case WIRE_ATTR_PORT:
		if (wire->port)
			frame_put_number(out, attr, wire->port);
		break;
	case WIRE_ATTR_RUN:
		if (wire->run)
			frame_put_number(out, attr, wire->run);
		break;
	case WIRE_ATTR_TIME:
		frame_put_number(out, attr, wire->time);
		break;
	case WIRE_ATTR_REASON:
		frame_put_number(out, attr, wire->reason);
		break;
	case WIRE_ATTR_PROOF:
		frame_put(out, attr, wire->proof, WIRE_PROOF);
		break;
	case WIRE_ATTR_ROLE:
		frame_put_number(out, attr, wire->role);
		break;
	case WIRE_ATTR_ID:
		frame_put(out, attr, wire->id, PEER_ID);
		break;
	case WIRE_ATTR_PAIRING:
		frame_put_number(out, attr, wire->pairing);
		break;
	case WIRE_ATTR_ADDRESS:
		for (i = 0; i < wire->n_addresses; i++)
			frame_put(out, attr, wire->addresses[i],
				  strlen(wire->addresses[i]));
		break;
	case WIRE_ATTR_PRIVATE:
		frame_put(out, attr, wire->private, wire->private_size);
		break;
	default:
		put_device(out, attr, wire);
		break;
	}
}

size_t wire_format(const struct wire *wire, void *data, size_t room)
{
	const struct frame_policy *policy = policy_of(wire->type);
	struct frame_out out;
	size_t i;

	if (!policy)
		return 0;
	frame_begin(&out, data, room, policy->type, 0, 0);
	for (i = 0; i < policy->n; i++)
		put(&out, &policy->attrs[i], wire);
	return frame_end(&out);
}

const char *wire_bye_name(enum wire_bye reason)
{
	static const char *const names[] = {
		[WIRE_BYE_SHUTDOWN] = "shutdown",
		[WIRE_BYE_REMOVED] = "removed",
		[WIRE_BYE_DUPLICATE] = "duplicate",
		[WIRE_BYE_PROTOCOL] = "protocol",
		[WIRE_BYE_TWIN] = "twin",
		[WIRE_BYE_FLOOD] = "flood",
	};

	return names[reason];
}
