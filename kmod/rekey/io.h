/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads and writes. A read goes to the region's place as it came and is
 * decrypted where it lies; a write is encrypted into pages of its own.
 */
#ifndef _HEARTH_REKEY_IO_H
#define _HEARTH_REKEY_IO_H

#include "volume.h"

/* In each bio that device-mapper hands us. */
struct rekey_io {
	struct map_user user;
	struct rekey_volume *v;
	struct bio *bio;
	struct bio *bounce;		/* a write's own bio, with its pages */
	struct bvec_iter in;		/* what is still to be computed */
	struct bvec_iter out;
	u64 sector;			/* of the volume, of @in */
	blk_status_t status;
	struct work_struct work;
	/* of a read, while it is below: */
	struct block_device *bdev;
	struct bvec_iter iter;
	bio_end_io_t *end_io;
	void *private;
	struct cipher_job job;		/* last: its request's context follows */
};

/* Bytes of a struct rekey_io. */
static inline size_t io_size(const struct rekey_cipher *cipher)
{
	return ALIGN(offsetof(struct rekey_io, job) + cipher_job_size(cipher),
		     64);
}

int io_pools_init(struct rekey_volume *v);
void io_pools_exit(struct rekey_volume *v);
int io_map(struct rekey_volume *v, struct bio *bio);
void io_deferred_work(struct work_struct *work);

#endif /* _HEARTH_REKEY_IO_H */
