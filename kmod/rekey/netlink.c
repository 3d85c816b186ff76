// SPDX-License-Identifier: GPL-2.0
/*
 * The family hearth-volume. Its names, policy and operations are generated from
 * Documentation/netlink/specs/hearth-volume.yaml; here is what they do.
 *
 * A volume is shown while it is on the list of active ones; who shows it holds a
 * reference, and takes snapshots: nobody waits for what the volume waits for.
 * Notifications are made in a work item of the volume: whoever has something to tell
 * may be the committer, which must not wait for memory.
 */
#include <linux/device-mapper.h>
#include <linux/dm-ioctl.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

#include "../compat/compat.h"
#include "move.h"
#include "netlink-gen.h"
#include "netlink.h"

/* Bytes of a message, but for its slots and devices; of one of them. */
#define NETLINK_BASE	1024
#define NETLINK_SLOT	nla_total_size(3 * nla_total_size_64bit(sizeof(u64)))
#define NETLINK_DEVICE	nla_total_size(6 * nla_total_size_64bit(sizeof(u64)))

static const struct genl_multicast_group netlink_groups[] = {
	/* Events tell what a dump does, and that is not for everyone. */
	[HEARTH_VOLUME_NLGRP_VOLUMES] = {
		.name = HEARTH_VOLUME_MCGRP_VOLUMES,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

static struct genl_family netlink_family __ro_after_init = {
	.name		= HEARTH_VOLUME_FAMILY_NAME,
	.version	= HEARTH_VOLUME_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.mcgrps		= netlink_groups,
	.n_mcgrps	= ARRAY_SIZE(netlink_groups),
	.ops		= hearth_volume_nl_ops,
	.n_ops		= ARRAY_SIZE(hearth_volume_nl_ops),
	.resv_start_op	= __HEARTH_VOLUME_CMD_MAX,
};

/* --- a volume --------------------------------------------------------------- */

/* Its name as it is now; where it has none any more, as it was. */
static void netlink_name(struct rekey_volume *v, char name[DM_NAME_LEN])
{
	struct mapped_device *md = dm_table_get_md(v->ti->table);
	int err = dm_copy_name_and_uuid(md, name, NULL);

	BUILD_BUG_ON(HEARTH_VOLUME_NAME_MAX_LEN + 1 != DM_NAME_LEN);
	spin_lock_irq(&v->lock);
	if (err)
		strscpy(name, v->name, DM_NAME_LEN);
	else
		strscpy(v->name, name, DM_NAME_LEN);
	spin_unlock_irq(&v->lock);
}

static int netlink_put_slot(struct sk_buff *skb, struct rekey_volume *v, u32 i)
{
	u32 on_disk = meta_slot_state(&v->meta, i);
	u32 state = HEARTH_VOLUME_SLOT_STATE_LOCKED;
	struct nlattr *nest;

	if (on_disk == REKEY_SLOT_FREE)
		return 0;
	if (on_disk == REKEY_SLOT_ERASED)
		state = HEARTH_VOLUME_SLOT_STATE_ERASING;
	else if (slot_loaded(&v->slots, i))
		state = HEARTH_VOLUME_SLOT_STATE_LOADED;
	nest = nla_nest_start(skb, HEARTH_VOLUME_A_VOLUME_SLOT);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, HEARTH_VOLUME_A_SLOT_NUMBER, i) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_SLOT_STATE, state) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_SLOT_REGIONS,
			      slot_regions(&v->slots, i),
			      HEARTH_VOLUME_A_SLOT_PAD)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int netlink_put_device(struct sk_buff *skb, struct rekey_volume *v,
			      u32 i)
{
	const struct rekey_device *dev = &v->places.device[i];
	u64 free = places_free_on(&v->places, i);
	struct nlattr *nest;

	nest = nla_nest_start(skb, HEARTH_VOLUME_A_VOLUME_DEVICE);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, HEARTH_VOLUME_A_DEVICE_NUMBER, i) ||
	    (dev->dm && (nla_put_u32(skb, HEARTH_VOLUME_A_DEVICE_MAJOR,
				     MAJOR(dev->dm->bdev->bd_dev)) ||
			 nla_put_u32(skb, HEARTH_VOLUME_A_DEVICE_MINOR,
				     MINOR(dev->dm->bdev->bd_dev)))) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_DEVICE_START, dev->start,
			      HEARTH_VOLUME_A_DEVICE_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_DEVICE_PLACES, dev->places,
			      HEARTH_VOLUME_A_DEVICE_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_DEVICE_FREE, free,
			      HEARTH_VOLUME_A_DEVICE_PAD)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static u32 netlink_job_state(const struct rekey_mover *mover)
{
	switch (mover->state) {
	case MOVER_WAITING:
		return HEARTH_VOLUME_JOB_STATE_WAITING;
	case MOVER_INCOMPLETE:
		return HEARTH_VOLUME_JOB_STATE_INCOMPLETE;
	case MOVER_PAUSED:
		return HEARTH_VOLUME_JOB_STATE_PAUSED;
	case MOVER_NO_KEY:
		return HEARTH_VOLUME_JOB_STATE_NO_KEY;
	case MOVER_NO_SPACE:
		return HEARTH_VOLUME_JOB_STATE_NO_SPACE;
	case MOVER_ERROR:
		return HEARTH_VOLUME_JOB_STATE_ERROR;
	default:
		return HEARTH_VOLUME_JOB_STATE_RUNNING;
	}
}

static int netlink_put_job(struct sk_buff *skb, const struct rekey_job *job,
			   const struct rekey_mover *mover, u32 state, u64 todo,
			   u64 stale)
{
	u32 kind = job->kind == REKEY_JOB_REKEY ? HEARTH_VOLUME_JOB_KIND_REKEY :
		   HEARTH_VOLUME_JOB_KIND_DRAIN;
	struct nlattr *nest = nla_nest_start(skb, HEARTH_VOLUME_A_VOLUME_JOB);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, HEARTH_VOLUME_A_JOB_KIND, kind) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_JOB_STATE, state) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_JOB_FROM, job->from) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_JOB_TO, job->to) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_JOB_FIRST, job->first,
			      HEARTH_VOLUME_A_JOB_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_JOB_COUNT, job->count,
			      HEARTH_VOLUME_A_JOB_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_JOB_MOVED, mover->moved,
			      HEARTH_VOLUME_A_JOB_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_JOB_TODO, todo,
			      HEARTH_VOLUME_A_JOB_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_JOB_ERRORS, mover->errors,
			      HEARTH_VOLUME_A_JOB_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_JOB_STALE, stale,
			      HEARTH_VOLUME_A_JOB_PAD)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* The job there is, or with @ended the one that there was. */
static int netlink_put_mover(struct sk_buff *skb, struct rekey_volume *v,
			     bool ended)
{
	struct rekey_mover mover;
	const struct rekey_job *job = &mover.job;

	mover_show(v, ended, &mover);
	if (job->kind != REKEY_JOB_NONE)
		return netlink_put_job(skb, job, &mover,
				       netlink_job_state(&mover),
				       mover_todo(v, job),
				       places_stale(&v->places));
	if (!ended || mover.ended == MOVER_ENDED_NOT)
		return 0;
	return netlink_put_job(skb, &mover.last, &mover,
			       mover.ended == MOVER_ENDED_DONE ?
			       HEARTH_VOLUME_JOB_STATE_DONE :
			       HEARTH_VOLUME_JOB_STATE_ABORTED,
			       mover_todo(v, &mover.last),
			       places_stale(&v->places));
}

static int netlink_put_volume(struct sk_buff *skb, struct rekey_volume *v,
			      u32 state)
{
	dev_t dev = disk_devt(dm_disk(dm_table_get_md(v->ti->table)));
	char name[DM_NAME_LEN];

	netlink_name(v, name);
	if (nla_put_string(skb, HEARTH_VOLUME_A_VOLUME_NAME, name) ||
	    nla_put(skb, HEARTH_VOLUME_A_VOLUME_UUID, REKEY_UUID,
		    v->meta.sb.uuid) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_VOLUME_MAJOR, MAJOR(dev)) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_VOLUME_MINOR, MINOR(dev)) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_VOLUME_STATE, state) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_VOLUME_SECTORS, v->ti->len,
			      HEARTH_VOLUME_A_VOLUME_PAD) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_VOLUME_REGION_SECTORS,
			v->region_sectors) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_VOLUME_REGIONS, v->regions,
			      HEARTH_VOLUME_A_VOLUME_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_VOLUME_WRITTEN,
			      slots_regions(&v->slots),
			      HEARTH_VOLUME_A_VOLUME_PAD) ||
	    nla_put_string(skb, HEARTH_VOLUME_A_VOLUME_CIPHER,
			   v->cipher.name) ||
	    nla_put_string(skb, HEARTH_VOLUME_A_VOLUME_DRIVER,
			   v->cipher.driver) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_VOLUME_RATE, READ_ONCE(v->rate)))
		return -EMSGSIZE;
	return 0;
}

static int netlink_put_parts(struct sk_buff *skb, struct rekey_volume *v)
{
	int err = 0;
	u32 i;

	for (i = 0; !err && i < REKEY_SLOTS; i++)
		err = netlink_put_slot(skb, v, i);
	for (i = 0; !err && i < v->places.devices; i++)
		err = netlink_put_device(skb, v, i);
	return err;
}

/* What a message is to show. */
struct show {
	u32 portid;
	u32 seq;
	int flags;
	u8 cmd;
	bool parts;		/* slots and devices */
	bool ended;		/* a job that has just ended */
};

static int netlink_fill(struct sk_buff *skb, struct rekey_volume *v, u32 state,
			const struct show *show)
{
	void *hdr = genlmsg_put(skb, show->portid, show->seq, &netlink_family,
				show->flags, show->cmd);
	int err;

	if (!hdr)
		return -EMSGSIZE;
	err = netlink_put_volume(skb, v, state);
	if (!err && state != HEARTH_VOLUME_VOLUME_STATE_INACTIVE)
		err = netlink_put_mover(skb, v, show->ended);
	if (!err && show->parts)
		err = netlink_put_parts(skb, v);
	if (err) {
		genlmsg_cancel(skb, hdr);
		return err;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static u32 netlink_state(struct rekey_volume *v)
{
	return volume_readonly(v) ? HEARTH_VOLUME_VOLUME_STATE_READ_ONLY :
	       HEARTH_VOLUME_VOLUME_STATE_ACTIVE;
}

/* --- notifications ------------------------------------------------------------ */

static void netlink_send(struct rekey_volume *v, u32 state)
{
	const struct show show = {
		.cmd = HEARTH_VOLUME_CMD_VOLUME_NTF,
		.ended = true,
	};
	struct sk_buff *skb;

	if (!genl_has_listeners(&netlink_family, &init_net,
				HEARTH_VOLUME_NLGRP_VOLUMES))
		return;
	skb = genlmsg_new(NETLINK_BASE, GFP_NOIO);
	if (!skb)
		return;
	if (netlink_fill(skb, v, state, &show)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_multicast(&netlink_family, skb, 0, HEARTH_VOLUME_NLGRP_VOLUMES,
			  GFP_NOIO);
}

/**
 * netlink_notify_work() - tell the group "volumes" of a volume as it is now
 * @work: of the volume
 */
void netlink_notify_work(struct work_struct *work)
{
	struct rekey_volume *v = container_of(work, struct rekey_volume,
					      notify_work);

	if (!volume_get(v))
		return;
	netlink_send(v, netlink_state(v));
	volume_put(v);
}

/**
 * netlink_notify_closed() - tell the group "volumes" that one is inactive
 * @v: not on the list any more; its message lock is held
 */
void netlink_notify_closed(struct rekey_volume *v)
{
	netlink_send(v, HEARTH_VOLUME_VOLUME_STATE_INACTIVE);
}

/* --- requests ------------------------------------------------------------------- */

/* Looks for a volume by its name; volume_put() is due. */
static struct rekey_volume *netlink_get(struct nlattr *attr,
					struct netlink_ext_ack *extack)
{
	char name[DM_NAME_LEN];
	struct rekey_volume *v;
	u64 serial;

	if (!attr) {
		NL_SET_ERR_MSG(extack, "the name of a volume is needed");
		return ERR_PTR(-EINVAL);
	}
	for (v = volume_next(0); v; v = volume_next(serial)) {
		netlink_name(v, name);
		if (!strcmp(name, nla_data(attr)))
			return v;
		serial = v->serial;
		volume_put(v);
	}
	NL_SET_ERR_MSG_ATTR(extack, attr, "no active volume has this name");
	return ERR_PTR(-ENODEV);
}

static u32 netlink_slots(struct rekey_volume *v)
{
	u32 i, n = 0;

	for (i = 0; i < REKEY_SLOTS; i++)
		n += meta_slot_state(&v->meta, i) != REKEY_SLOT_FREE;
	return n;
}

/*
 * A slot may be added meanwhile: there is room for some more. No I/O for the
 * memory: who suspends the volume waits for who looks at it.
 */
static struct sk_buff *netlink_reply(struct rekey_volume *v)
{
	return genlmsg_new(NETLINK_BASE + (netlink_slots(v) + 16) *
			   NETLINK_SLOT + v->places.devices * NETLINK_DEVICE,
			   GFP_NOIO);
}

int hearth_volume_nl_volume_get_doit(struct sk_buff *skb,
				     struct genl_info *info)
{
	const struct show show = {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = HEARTH_VOLUME_CMD_VOLUME_GET,
		.parts = true,
	};
	struct rekey_volume *v;
	struct sk_buff *reply;
	int err = -ENOMEM;

	v = netlink_get(info->attrs[HEARTH_VOLUME_A_VOLUME_NAME], info->extack);
	if (IS_ERR(v))
		return PTR_ERR(v);
	reply = netlink_reply(v);
	if (reply)
		err = netlink_fill(reply, v, netlink_state(v), &show);
	volume_put(v);
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return err;
}

/* Serial numbers only grow, so no volume is shown twice. */
int hearth_volume_nl_volume_get_dumpit(struct sk_buff *skb,
				       struct netlink_callback *cb)
{
	const struct show show = {
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.cmd = HEARTH_VOLUME_CMD_VOLUME_GET,
	};
	struct rekey_volume *v;
	int err = 0;

	while (!err && (v = volume_next(cb->args[0]))) {
		err = netlink_fill(skb, v, netlink_state(v), &show);
		if (!err)
			cb->args[0] = v->serial;
		volume_put(v);
	}
	return skb->len ?: err;
}

/* --- the map -------------------------------------------------------------------- */

struct run {
	u64 first;
	u64 count;
	u64 entry;		/* of the first region */
};

/* The longest run from @first on. */
static void run_find(struct rekey_volume *v, u64 first, struct run *run)
{
	u64 step, i;

	run->first = first;
	run->entry = READ_ONCE(v->map.entry[first]);
	step = entry_written(run->entry);	/* to the next place */
	for (i = 1; first + i < v->regions; i++) {
		if (READ_ONCE(v->map.entry[first + i]) != run->entry + i * step)
			break;
		if (!(i & 0xffff))
			cond_resched();
	}
	run->count = i;
}

static int run_put(struct sk_buff *skb, const struct run *run)
{
	if (nla_put_u64_64bit(skb, HEARTH_VOLUME_A_RUN_FIRST, run->first,
			      HEARTH_VOLUME_A_RUN_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_RUN_COUNT, run->count,
			      HEARTH_VOLUME_A_RUN_PAD) ||
	    nla_put_u32(skb, HEARTH_VOLUME_A_RUN_SLOT, entry_slot(run->entry)))
		return -EMSGSIZE;
	if (!entry_written(run->entry))
		return 0;
	if (nla_put_u32(skb, HEARTH_VOLUME_A_RUN_DEVICE,
			entry_device(run->entry)) ||
	    nla_put_u64_64bit(skb, HEARTH_VOLUME_A_RUN_PLACE,
			      entry_place(run->entry),
			      HEARTH_VOLUME_A_RUN_PAD))
		return -EMSGSIZE;
	return 0;
}

int hearth_volume_nl_region_get_doit(struct sk_buff *skb,
				     struct genl_info *info)
{
	struct nlattr *first = info->attrs[HEARTH_VOLUME_A_RUN_FIRST];
	struct rekey_volume *v;
	struct sk_buff *reply;
	struct run run;
	void *hdr;

	v = netlink_get(info->attrs[HEARTH_VOLUME_A_RUN_NAME], info->extack);
	if (IS_ERR(v))
		return PTR_ERR(v);
	run.first = first ? nla_get_u64(first) : 0;
	if (run.first >= v->regions) {
		volume_put(v);
		NL_SET_ERR_MSG_ATTR(info->extack, first,
				    "the volume has no such region");
		return -EINVAL;
	}
	run_find(v, run.first, &run);
	volume_put(v);
	reply = genlmsg_new(NETLINK_BASE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &netlink_family, 0,
				HEARTH_VOLUME_CMD_REGION_GET);
	if (!hdr || run_put(reply, &run)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int run_dump(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct run *run)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &netlink_family,
				NLM_F_MULTI, HEARTH_VOLUME_CMD_REGION_GET);

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (run_put(skb, run)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/*
 * args[0] is the region to go on with, args[1] whether it was begun. The
 * generation of the map is that of the volume, too: another one of the same
 * name has another. The last change is told of by the end of the dump.
 */
int hearth_volume_nl_region_get_dumpit(struct sk_buff *skb,
				       struct netlink_callback *cb)
{
	struct nlattr **attrs = hearth_dump_attrs(cb);
	struct nlattr *first = attrs[HEARTH_VOLUME_A_RUN_FIRST];
	struct rekey_volume *v;
	struct run run;
	int err = 0;

	v = netlink_get(attrs[HEARTH_VOLUME_A_RUN_NAME], cb->extack);
	if (IS_ERR(v))
		return PTR_ERR(v);
	if (!cb->args[1] && first)
		cb->args[0] = min_t(u64, nla_get_u64(first), v->regions);
	cb->args[1] = 1;
	while (!err && cb->args[0] < v->regions) {
		cb->seq = READ_ONCE(v->map.generation);
		smp_rmb();	/* the entries are of this generation, or later */
		run_find(v, cb->args[0], &run);
		err = run_dump(skb, cb, &run);
		if (!err)
			cb->args[0] += run.count;
	}
	smp_rmb();	/* what was read is of this generation, or before */
	cb->seq = READ_ONCE(v->map.generation);
	volume_put(v);
	return skb->len ?: err;
}

int __init netlink_init(void)
{
	return genl_register_family(&netlink_family);
}

void netlink_exit(void)
{
	genl_unregister_family(&netlink_family);
}
