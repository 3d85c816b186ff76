/* SPDX-License-Identifier: GPL-2.0 */
/* Lies told before the first request, in OP_REP_DEVLIST and OP_REP_IMPORT. */
#ifndef OP_H
#define OP_H

struct msg;
struct teller;

/* Spoils the message. */
typedef void op_list_lie(struct msg *msg);

op_list_lie op_list_huge;
op_list_lie op_list_path;
op_list_lie op_list_busid;
op_list_lie op_list_version;

/* Sends the message, or what it likes. */
typedef void op_import_lie(struct teller *t, struct msg *msg);

op_import_lie op_import_path;
op_import_lie op_import_busid;
op_import_lie op_import_other;
op_import_lie op_import_speed;
op_import_lie op_import_devid;
op_import_lie op_import_silent;
op_import_lie op_import_half;
op_import_lie op_import_fin;
op_import_lie op_import_rst;

#endif
