/* SPDX-License-Identifier: GPL-2.0 */
/* Lies told when a request comes. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>

struct teller;
struct urb;

/* Its header has come, and its data has not. */
typedef void request_header_lie(struct teller *t, const struct urb *urb);

request_header_lie request_early_answer;
request_header_lie request_early_answer_rst;
request_header_lie request_fin;
request_header_lie request_rst;
request_header_lie request_deaf_header;
request_header_lie request_unsent_seq;

/* All of it has come. True: it is eaten. */
typedef bool request_lie(struct teller *t, const struct urb *urb);

request_lie request_deaf_submit;
request_lie request_silent;
request_lie request_mute;
request_lie request_ret_unlink_live;
request_lie request_ret_unlink_submit;
request_lie request_ret_unlink_unknown;

#endif
