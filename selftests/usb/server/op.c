// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "msg.h"
#include "op.h"
#include "teller.h"
#include "wire.h"

#define AT_LIST_DEVICE	(OP_SIZE + 4)
#define AT_DEV_BUSID	OP_PATH_SIZE
#define AT_DEV_BUSNUM	(AT_DEV_BUSID + OP_BUSID_SIZE)
#define AT_DEV_SPEED	(AT_DEV_BUSNUM + 8)

void op_list_huge(struct msg *msg)
{
	wire_put32(msg->data + OP_SIZE, UINT32_MAX);
}

void op_list_path(struct msg *msg)
{
	memset(msg->data + AT_LIST_DEVICE, 'x', OP_PATH_SIZE);
}

void op_list_busid(struct msg *msg)
{
	memset(msg->data + AT_LIST_DEVICE + AT_DEV_BUSID, 'x', OP_BUSID_SIZE);
}

void op_list_version(struct msg *msg)
{
	wire_put16(msg->data, 0x0200);
}

void op_import_path(struct teller *t, struct msg *msg)
{
	memset(msg->data + OP_SIZE, 'x', OP_PATH_SIZE);
	teller_send(t, msg);
}

void op_import_busid(struct teller *t, struct msg *msg)
{
	memset(msg->data + OP_SIZE + AT_DEV_BUSID, 'x', OP_BUSID_SIZE);
	teller_send(t, msg);
}

void op_import_other(struct teller *t, struct msg *msg)
{
	memcpy(msg->data + OP_SIZE + AT_DEV_BUSID, "7-7", 4);
	teller_send(t, msg);
}

void op_import_speed(struct teller *t, struct msg *msg)
{
	wire_put32(msg->data + OP_SIZE + AT_DEV_SPEED, 99);
	teller_send(t, msg);
}

void op_import_devid(struct teller *t, struct msg *msg)
{
	wire_put32(msg->data + OP_SIZE + AT_DEV_BUSNUM, 70000);
	teller_send(t, msg);
}

void op_import_silent(struct teller *t, struct msg *msg)
{
	msg->kind = SEND_SILENCE;
	teller_send(t, msg);
}

void op_import_half(struct teller *t, struct msg *msg)
{
	msg->len /= 2;
	teller_send(t, msg);
	teller_send(t, msg_action(SEND_SILENCE));
}

void op_import_fin(struct teller *t, struct msg *msg)
{
	teller_send(t, msg);
	teller_send(t, msg_action(SEND_FIN));
}

void op_import_rst(struct teller *t, struct msg *msg)
{
	teller_send(t, msg);
	teller_send(t, msg_action(SEND_RST));
}
