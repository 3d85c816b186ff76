/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of sealed environments: who asked for one, who builds it, how long each part
 * may take, and what ends with it.
 *
 *	requested -> building -> ready <-> busy -> closing -> closed
 *	     \___________\_________\________\_________\----> failed
 *
 * Whoever ends an env, or several at once, does it by env_end() or env_finish(), which
 * see to it that the first reason counts and that it ends once.
 */
#ifndef _HEARTH_ENV_H
#define _HEARTH_ENV_H

#include <linux/key.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/hearth.h>

struct net;
struct netlink_ext_ack;

/* Who asks: a socket of a namespace, and the user behind it. */
struct env_caller {
	struct net *net;
	u32 portid;
	kuid_t uid;
	bool admin;		/* CAP_NET_ADMIN in the initial namespace */
};

/* What env-new asks for. */
struct env_policy {
	u32 assurance;		/* enum hearth_assurance, the least */
	u32 memory_mib;
	u32 ttl_ms;		/* of the whole life */
	u32 building_ms;	/* from env-new to env-ready */
	u32 admission_ms;	/* from env-ready to env-busy */
	u32 idle_ms;		/* from env-idle to env-busy */
};

struct env {
	struct rb_node due_node;	/* of env_table.due */
	unsigned long due;		/* jiffies */
	u32 id;
	u32 state;			/* enum hearth_env_state */
	u32 reason;			/* enum hearth_env_reason; 0: it lives */
	/* Not counted: a socket of it is open as long as the env is there. */
	struct net *net;
	kuid_t uid;			/* of who asked for it */
	u32 requester;			/* portid; 0: its socket is closed */
	u32 orchestrator;		/* portid; 0: nobody claimed it */
	struct env_policy policy;
	u32 given;			/* enum hearth_assurance; 0: not ready yet */
	unsigned long life_end;		/* jiffies */
	unsigned long part_end;		/* jiffies, of what it does now */
	u32 part;			/* the reason if that is over; 0: no end */
	/* For the requester alone, till env-busy; holds secrets. */
	void *admission;
	u32 admission_len;
	struct key *key[HEARTH_ENV_KEYS_MAX];	/* revoked at the end */
	u32 keys;
};

struct env_table;

/* Told of each change of a state, with the table locked. */
typedef void (*env_tell_fn)(struct env_table *table, const struct env *env);

/* One for all namespaces, as a user's limits are. */
struct env_table {
	/*
	 * Protects the table and all envs. Taken by requests, by the end of a
	 * socket (inside netlink's chain), and by the work. What is taken inside:
	 * a key's semaphore, to revoke it, and netlink's own, to tell.
	 */
	struct mutex lock;
	struct xarray ids;
	u32 next_id;
	unsigned int count;
	unsigned int generation;	/* changes with each change; never 0 */
	struct rb_root_cached due;
	struct delayed_work work;
	struct workqueue_struct *wq;
	env_tell_fn tell;
};

void envs_init(struct env_table *table, struct workqueue_struct *wq,
	       env_tell_fn tell);
void envs_exit(struct env_table *table);

/* Each of these says in its extack why not, and returns 0 or a negative errno. */
int envs_new(struct env_table *table, const struct env_caller *by,
	     const struct env_policy *policy, u32 *id,
	     struct netlink_ext_ack *extack);
int envs_claim(struct env_table *table, const struct env_caller *by, u32 id,
	       struct netlink_ext_ack *extack);
int envs_ready(struct env_table *table, const struct env_caller *by, u32 id,
	       u32 given, const void *admission, u32 len,
	       struct netlink_ext_ack *extack);
int envs_busy(struct env_table *table, const struct env_caller *by, u32 id,
	      struct netlink_ext_ack *extack);
int envs_idle(struct env_table *table, const struct env_caller *by, u32 id,
	      struct netlink_ext_ack *extack);
int envs_close(struct env_table *table, const struct env_caller *by, u32 id,
	       bool failed, struct netlink_ext_ack *extack);
int envs_bind_key(struct env_table *table, const struct env_caller *by, u32 id,
		  key_serial_t serial, struct netlink_ext_ack *extack);

void envs_socket_gone(struct env_table *table, const struct net *net,
		      u32 portid);

/* These with the table locked; what they return is valid for so long. */
struct env *envs_find(struct env_table *table, const struct env_caller *by,
		      u32 id, struct netlink_ext_ack *extack);
struct env *envs_next(struct env_table *table, const struct env_caller *by,
		      unsigned long *id);
bool env_is_requester(const struct env *env, const struct env_caller *by);
unsigned int env_expires_ms(const struct env *env);

#endif /* _HEARTH_ENV_H */
