// SPDX-License-Identifier: GPL-2.0
/* The table of a connection's requests. The caller holds the connection's lock. */
#include <linux/slab.h>

#include "request.h"

/**
 * req_chunk_alloc() - memory for REQ_CHUNK requests
 * @gfp: how to allocate; may sleep if it says so, so take no lock
 *
 * Return: the chunk, for req_chunk_add(), or NULL.
 */
struct vhci_req *req_chunk_alloc(gfp_t gfp)
{
	/* A chunk is two pages and not a byte more. */
	BUILD_BUG_ON(sizeof(struct vhci_req) > 256);

	return kcalloc(REQ_CHUNK, sizeof(struct vhci_req), gfp);
}

/**
 * req_chunk_add() - let a table grow by a chunk
 * @table: the table
 * @chunk: from req_chunk_alloc(); the table's from here on
 *
 * Return: false if the table is full; the chunk is then still the caller's.
 */
bool req_chunk_add(struct req_table *table, struct vhci_req *chunk)
{
	u32 first = table->chunks * REQ_CHUNK;
	u32 i;

	if (table->chunks == REQ_CHUNKS_MAX)
		return false;
	for (i = 0; i < REQ_CHUNK; i++) {
		struct vhci_req *req = &chunk[i];

		req->seq = (first + i) << REQ_INDEX_SHIFT;
		req->submit.req = req;
		req->cancel.req = req;
		INIT_LIST_HEAD(&req->submit.node);
		INIT_LIST_HEAD(&req->cancel.node);
		list_add_tail(&req->node, &table->free);
	}
	table->chunk[table->chunks++] = chunk;
	return true;
}

int req_table_init(struct req_table *table)
{
	struct vhci_req *chunk = req_chunk_alloc(GFP_KERNEL);

	INIT_LIST_HEAD(&table->free);
	table->chunks = 0;
	if (!chunk)
		return -ENOMEM;
	req_chunk_add(table, chunk);
	return 0;
}

void req_table_free(struct req_table *table)
{
	struct vhci_req *req;
	u32 i;

	for (i = 0; (req = req_at(table, i)); i++)
		kfree(req->iso);
	while (table->chunks)
		kfree(table->chunk[--table->chunks]);
}

/**
 * req_get() - take a free request
 * @table: the table
 *
 * The request has a sequence number that none had for the last 2^17 uses of
 * its place, and never 0, which some servers take for "none".
 *
 * Return: the request, or NULL if none is free.
 */
struct vhci_req *req_get(struct req_table *table)
{
	struct vhci_req *req;

	req = list_first_entry_or_null(&table->free, struct vhci_req, node);
	if (!req)
		return NULL;
	list_del_init(&req->node);
	req->seq += BIT(REQ_GENERATION_SHIFT);
	if (!req->seq)
		req->seq += BIT(REQ_GENERATION_SHIFT);
	req->state = REQ_QUEUED;
	req->unlink = REQ_UNLINK_NONE;
	req->kind = REQ_URB;
	req->fault = false;
	req->actual = 0;
	req->offered = false;
	req->answered = false;
	req->status = 0;
	return req;
}

void req_put(struct req_table *table, struct vhci_req *req)
{
	kfree(req->iso);
	req->iso = NULL;
	req->urb = NULL;
	req->state = REQ_FREE;
	/* Last in, first out would wear one generation out; and cold is fine. */
	list_move_tail(&req->node, &table->free);
}

/**
 * req_find() - the request a sequence number names
 * @table: the table
 * @seq: from the network; the unlink bit is not looked at
 *
 * Return: the request, or NULL if the number is of no request in use.
 */
struct vhci_req *req_find(struct req_table *table, u32 seq)
{
	u32 index = (seq >> REQ_INDEX_SHIFT) & GENMASK(REQ_INDEX_BITS - 1, 0);
	struct vhci_req *req = req_at(table, index);

	if (!req || req->state == REQ_FREE ||
	    req->seq != (seq & ~REQ_SEQ_UNLINK))
		return NULL;
	return req;
}
