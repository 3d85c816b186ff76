// SPDX-License-Identifier: GPL-2.0
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/string.h>

#include "../compat/compat.h"
#include "disks.h"

static int disks_sync_child(struct device *dev, void *unused)
{
	if (dev->class && !strcmp(dev->class->name, "block") &&
	    !bdev_freeze(dev_to_bdev(dev)))
		bdev_thaw(dev_to_bdev(dev));
	disks_sync(dev);
	return 0;
}

/**
 * disks_sync() - write back what is dirty of the disks below a device
 * @dev: such as a USB device; the caller has a reference
 *
 * A disk that is being removed takes no data any more: SCSI lets through what
 * flushes its cache, and no write. So this comes first, for the page cache and
 * for filesystems. Errors are the disk's, and told by those who write.
 *
 * Sleeps until the data is written or has failed. What is stacked on a disk by
 * device-mapper writes back when it is closed.
 */
void disks_sync(struct device *dev)
{
	device_for_each_child(dev, NULL, disks_sync_child);
}
