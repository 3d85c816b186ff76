// SPDX-License-Identifier: GPL-2.0
/*
 * Ports: attach, detach, and the work that takes a dead one down.
 *
 * The end of a port, told in order:
 *
 *	leaving    port_leave(): the drivers let go of the device over the living
 *		   connection, in leave_work, and late_work sees to it that this
 *		   ends. Left out by port_detach() and where the server is gone.
 *	detaching  conn_kill(), by anybody: the port's work closes the connection
 *		   and unplugs the device.
 *	gone       the core is through with the device: the work once more.
 */
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <uapi/linux/hearth.h>

#include "bind.h"
#include "disks.h"
#include "hcd.h"
#include "port.h"

/* How often limits of time are looked after. */
#define PORT_LOOK_MS		250
/* The whole of enumeration. The core's own tries take up to two minutes. */
#define PORT_ENUMERATE_MS	60000
/* The whole of a detach, in multiples of the longest standstill. */
#define PORT_LEAVE_TIMES	10
/* Longest standstill of a detach that nobody asked for. */
#define PORT_LEAVE_MS		10000

/* Ports by id. An entry is set when the port is fully plugged in. */
static DEFINE_XARRAY_ALLOC1(ports);
static u32 ports_next;
static atomic_t ports_changes = ATOMIC_INIT(1);
static void (*ports_notify)(struct vhci_port *port, u32 state) __ro_after_init;

/* Takes ports down, looks after limits: makes progress without memory. */
static struct workqueue_struct *port_wq;
/* Waits for drivers, and with them for whatever they wait for. */
static struct workqueue_struct *port_leave_wq;

/* Held for reading while a port is attached; then @ports_ended counts. */
static DECLARE_RWSEM(ports_gate);
static bool ports_ended;

/* Ports that are not freed yet; ports_exit() waits for none. */
static atomic_t ports_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(ports_none);

/* --- references ---------------------------------------------------------- */

static void port_free(struct rcu_head *rcu)
{
	struct vhci_port *port = container_of(rcu, struct vhci_port, rcu);

	conn_free(&port->conn);
	kfree(port);
	if (atomic_dec_and_test(&ports_count))
		wake_up(&ports_none);
}

static void port_release(struct kref *ref)
{
	struct vhci_port *port = container_of(ref, struct vhci_port, plug.ref);

	call_rcu(&port->rcu, port_free);
}

void port_put(struct vhci_port *port)
{
	plug_put(&port->plug);
}

static bool port_is_seen(struct vhci_port *port, const struct net *net)
{
	return net_eq(net, &init_net) || READ_ONCE(port->net) == net;
}

/**
 * port_get_next() - a port, for walks
 * @id: the lowest id of interest
 * @net: the namespace that looks
 *
 * Return: the port with the lowest id from @id on, with a reference, or NULL.
 */
struct vhci_port *port_get_next(u32 id, const struct net *net)
{
	unsigned long index = id;
	struct vhci_port *port;

	rcu_read_lock();
	port = xa_find(&ports, &index, U32_MAX, XA_PRESENT);
	while (port && (!port_is_seen(port, net) ||
			!kref_get_unless_zero(&port->plug.ref)))
		port = xa_find_after(&ports, &index, U32_MAX, XA_PRESENT);
	rcu_read_unlock();
	return port;
}

/* The port with @id, with a reference, or NULL. */
struct vhci_port *port_get(u32 id, const struct net *net)
{
	struct vhci_port *port;

	rcu_read_lock();
	port = xa_load(&ports, id);
	if (port && (!port_is_seen(port, net) ||
		     !kref_get_unless_zero(&port->plug.ref)))
		port = NULL;
	rcu_read_unlock();
	return port;
}

/* The namespace of a port, with a reference, or NULL if it has ended. */
struct net *port_get_net(struct vhci_port *port)
{
	struct net *net;

	spin_lock(&port->lock);
	net = port->net ? maybe_get_net(port->net) : NULL;
	spin_unlock(&port->lock);
	return net;
}

unsigned int ports_generation(void)
{
	return atomic_read(&ports_changes);
}

/* --- what it tells ------------------------------------------------------- */

/* enum hearth_usb_port_state of a port that can still be looked up */
u32 port_state(struct vhci_port *port)
{
	if (READ_ONCE(port->down))
		return HEARTH_USB_PORT_STATE_DETACHING;
	return READ_ONCE(port->leaving) ? HEARTH_USB_PORT_STATE_LEAVING :
					  HEARTH_USB_PORT_STATE_ATTACHED;
}

/* How it ended or is about to; the reason is 0 while it stays. */
void port_get_end(struct vhci_port *port, struct conn_end *end)
{
	conn_get_end(&port->conn, end);
	if (!end->reason)
		end->reason = READ_ONCE(port->leaving);
}

static void port_tell(struct vhci_port *port, u32 state)
{
	atomic_inc(&ports_changes);
	ports_notify(port, state);
}

/*
 * One line in the log a port, and no other: why it went. There are no more of them
 * than root attaches, so none is left out.
 */
static void port_log_end(struct vhci_port *port)
{
	static const char * const reasons[] = {
		[HEARTH_USB_PORT_REASON_REQUEST] = "detached",
		[HEARTH_USB_PORT_REASON_CLOSED] =
			"the server closed the connection",
		[HEARTH_USB_PORT_REASON_LOST] = "the connection broke",
		[HEARTH_USB_PORT_REASON_PROTOCOL] =
			"the server broke the protocol",
		[HEARTH_USB_PORT_REASON_UNLINK_TIMEOUT] =
			"no answer to a cancelled request",
		[HEARTH_USB_PORT_REASON_STALL_TIMEOUT] =
			"standstill in the middle of a message",
		[HEARTH_USB_PORT_REASON_TLS] = "TLS alert or bad record",
		[HEARTH_USB_PORT_REASON_UNLOAD] = "the module is removed",
		[HEARTH_USB_PORT_REASON_ENUMERATION] =
			"it could not be enumerated",
		[HEARTH_USB_PORT_REASON_SLEEP] =
			"no answer while the system went to sleep or woke up",
		[HEARTH_USB_PORT_REASON_NAMESPACE] =
			"its network namespace has ended",
		[HEARTH_USB_PORT_REASON_PEER] = "its peer is gone",
	};
	struct conn_end end;

	conn_get_end(&port->conn, &end);
	/* The strings are a user's: escaped. */
	dev_notice(port->conn.hcd->self.controller,
		   "port %u (%*pE of %*pE) is unplugged: %s%s%s%s, error %d\n",
		   port->id, (int)strlen(port->busid), port->busid,
		   (int)strlen(port->server), port->server, reasons[end.reason],
		   end.text ? " (" : "", end.text ?: "", end.text ? ")" : "",
		   end.error);
}

/* --- work ---------------------------------------------------------------- */

/* Have limits of time looked after, as long as the connection is up. */
static void port_arm(struct vhci_port *port)
{
	spin_lock(&port->lock);
	if (!port->down)
		queue_delayed_work(port_wq, &port->late_work,
				   msecs_to_jiffies(PORT_LOOK_MS));
	spin_unlock(&port->lock);
}

static void port_take_down(struct vhci_port *port)
{
	conn_close(&port->conn);
	spin_lock(&port->lock);
	WRITE_ONCE(port->down, true);
	spin_unlock(&port->lock);
	cancel_delayed_work_sync(&port->late_work);
	roothub_unplug(&port->plug);
	port_log_end(port);
	port_tell(port, HEARTH_USB_PORT_STATE_DETACHING);
	complete_all(&port->closed);
}

/*
 * Does a work of the port still use the root hub? None begins once the port is down.
 * What it does there is done when it says that it has left.
 */
static bool port_is_at_hub(struct vhci_port *port)
{
	bool so;

	spin_lock(&port->lock);
	so = port->at_hub;
	spin_unlock(&port->lock);
	return so;
}

/* The connection is up. What is new? */
static void port_look(struct vhci_port *port)
{
	u32 devnum = roothub_devnum(&port->plug);
	bool leaving = READ_ONCE(port->leaving);
	unsigned int ms;

	if (leaving != port->told_leaving || devnum != port->told_devnum) {
		port->told_leaving = leaving;
		port->told_devnum = devnum;
		port_tell(port, port_state(port));
	}
	if (leaving || roothub_enumerating(&port->plug, &ms))
		port_arm(port);
}

static void port_work(struct work_struct *work)
{
	struct vhci_port *port = container_of(work, struct vhci_port, work);
	unsigned int noio = memalloc_noio_save();

	if (!READ_ONCE(port->plugged))
		goto out;
	if (!port->down && conn_is_dead(&port->conn))
		port_take_down(port);
	else if (!port->down)
		port_look(port);
	/* The root hub is there as long as the port has its root port. */
	if (port->down && !port->gone &&
	    !port_is_at_hub(port) && roothub_release(&port->plug)) {
		port->gone = true;
		hcd_unreserve(port->plug.root);
		xa_erase(&ports, port->id);
		port_tell(port, HEARTH_USB_PORT_STATE_GONE);
		/* Either has the reference of the table. */
		if (port->bound)
			queue_work(port_leave_wq, &port->unbind_work);
		else
			port_put(port);
	}
out:
	memalloc_noio_restore(noio);
	port_put(port);
}

/*
 * Something has happened that the port's work is to see to. Any context.
 *
 * Each port has a work item of its own on an unbound queue, so that one whose
 * driver will not let go holds up no other.
 */
static void port_check(struct vhci_port *port)
{
	kref_get(&port->plug.ref);
	if (!queue_work(port_wq, &port->work))
		port_put(port);
}

static void port_conn_died(struct vhci_conn *conn)
{
	port_check(container_of(conn, struct vhci_port, conn));
}

static void port_plug_changed(struct vhci_plug *plug)
{
	port_check(container_of(plug, struct vhci_port, plug));
}

/* Did nothing come for too long, or does it all take too long? */
static bool port_leave_is_late(struct vhci_port *port)
{
	unsigned long limit =
		msecs_to_jiffies(READ_ONCE(port->leave.limit_ms));
	struct conn_stats stats;

	conn_get_stats(&port->conn, &stats);
	if (stats.rx_bytes != port->leave.rx_bytes) {
		port->leave.rx_bytes = stats.rx_bytes;
		port->leave.moved = jiffies;
	}
	return time_after(jiffies, port->leave.moved + limit) ||
	       time_after(jiffies, port->leave.begin +
				   limit * PORT_LEAVE_TIMES);
}

static void port_late_work(struct work_struct *work)
{
	struct vhci_port *port = container_of(to_delayed_work(work),
					      struct vhci_port, late_work);
	u32 leaving = smp_load_acquire(&port->leaving);	/* port_leave() */
	unsigned int ms;

	if (leaving) {
		if (port_leave_is_late(port))
			conn_kill(&port->conn, leaving, -ETIMEDOUT,
				  "its drivers did not let go in time");
	} else if (!roothub_enumerating(&port->plug, &ms)) {
		return;
	} else if (ms > PORT_ENUMERATE_MS) {
		conn_kill(&port->conn, HEARTH_USB_PORT_REASON_ENUMERATION,
			  -ETIMEDOUT, "enumeration took too long");
	}
	if (!conn_is_dead(&port->conn))
		port_arm(port);
}

/* A work that used the root hub is through: its last words. Puts its reference. */
static void port_leave_hub(struct vhci_port *port)
{
	spin_lock(&port->lock);
	port->at_hub--;
	spin_unlock(&port->lock);
	/* That may have been all that the port's end waited for. */
	port_check(port);
	port_put(port);
}

/*
 * Drivers let go of the device, while it can still be talked to: they write back
 * what they hold. Whatever waits in there ends with the connection.
 */
static void port_leave_work(struct work_struct *work)
{
	struct vhci_port *port = container_of(work, struct vhci_port,
					      leave_work);
	struct usb_device *udev = roothub_get_device(&port->plug);

	if (udev) {
		disks_sync(&udev->dev);
		usb_lock_device(udev);
		if (udev->state == USB_STATE_CONFIGURED)
			usb_set_configuration(udev, -1);
		usb_unlock_device(udev);
		usb_put_dev(udev);
	}
	conn_kill(&port->conn, port->leaving, 0, NULL);
	port_leave_hub(port);
}

/* What the core does when somebody authorizes a device by sysfs. */
static void port_authorize_device(struct usb_device *udev)
{
	int config, ret;

	udev->authorized = 1;
	config = usb_choose_configuration(udev);
	ret = config < 0 ? config : usb_set_configuration(udev, config);
	/* It stays authorized: another configuration can be set by hand. */
	if (ret)
		dev_notice(&udev->dev,
			   "authorized, but not configured: error %d\n", ret);
}

/*
 * Drivers get the device, if it is still the one that was meant. Whatever waits in
 * there ends with the connection.
 */
static void port_authorize_work(struct work_struct *work)
{
	struct vhci_port *port = container_of(work, struct vhci_port,
					      authorize_work);
	struct usb_device *udev = roothub_get_device(&port->plug);

	if (udev) {
		usb_lock_device(udev);
		if (udev->devnum == READ_ONCE(port->authorized) &&
		    udev->state == USB_STATE_ADDRESS && !udev->authorized &&
		    !READ_ONCE(port->leaving))
			port_authorize_device(udev);
		usb_unlock_device(udev);
		usb_put_dev(udev);
	}
	port_leave_hub(port);
}

/* Waits for who looks at peers, and that may be for memory: not in the port's work. */
static void port_unbind_work(struct work_struct *work)
{
	struct vhci_port *port = container_of(work, struct vhci_port,
					      unbind_work);

	bind_put();
	port_put(port);
}

/* --- attach and detach --------------------------------------------------- */

static struct vhci_port *port_alloc(const struct port_config *config,
				    struct vhci_root *root)
{
	struct vhci_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return NULL;
	if (conn_init(&port->conn, root_to_roothub(root)->hcd,
		      port_conn_died)) {
		kfree(port);
		return NULL;
	}
	atomic_inc(&ports_count);
	kref_init(&port->plug.ref);
	port->plug.release = port_release;
	port->plug.changed = port_plug_changed;
	port->plug.conn = &port->conn;
	port->plug.root = root;
	port->plug.speed = config->speed;
	port->plug.unauthorized = config->unauthorized;
	spin_lock_init(&port->lock);
	port->net = config->net;
	init_completion(&port->closed);
	INIT_WORK(&port->work, port_work);
	INIT_WORK(&port->leave_work, port_leave_work);
	INIT_WORK(&port->authorize_work, port_authorize_work);
	INIT_WORK(&port->unbind_work, port_unbind_work);
	INIT_DELAYED_WORK(&port->late_work, port_late_work);
	port->busnum = port->conn.hcd->self.busnum;
	port->root_port = root->index + 1;
	port->conn.devid = config->devid;
	port->conn.limits = config->limits;
	port->conn.storage.state.refused = config->no_posting;
	if (config->busid)
		strscpy(port->busid, config->busid, sizeof(port->busid));
	if (config->server)
		strscpy(port->server, config->server, sizeof(port->server));
	if (config->peer) {
		memcpy(port->peer, config->peer, sizeof(port->peer));
		port->bound = true;
	}
	return port;
}

/* Plugs in, and sets @id. On success the socket is the port's. */
static int port_plug_in(const struct port_config *config, struct socket *sock,
			u32 *id, struct netlink_ext_ack *extack)
{
	struct vhci_port *port;
	struct vhci_root *root;
	unsigned int noio;
	int ret;

	root = hcd_reserve(config->speed, extack);
	if (IS_ERR(root))
		return PTR_ERR(root);
	ret = -ENOMEM;
	port = port_alloc(config, root);
	if (!port)
		goto err_root;
	ret = xa_alloc_cyclic(&ports, &port->id, NULL, xa_limit_32b,
			      &ports_next, GFP_KERNEL);
	if (ret < 0)
		goto err_port;
	ret = conn_open(&port->conn, sock, config->tls, extack);
	if (ret)
		goto err_id;

	*id = port->id;
	/*
	 * Once it is plugged in, memory may be written out to its disk; but while it is
	 * not told of, nobody ends what is written there. So nothing here waits for that.
	 */
	noio = memalloc_noio_save();
	roothub_plug(&port->plug);
	xa_store(&ports, port->id, port, GFP_KERNEL);
	port_tell(port, HEARTH_USB_PORT_STATE_ATTACHED);
	/* From here on the port's work may take it down. */
	kref_get(&port->plug.ref);
	WRITE_ONCE(port->plugged, true);
	memalloc_noio_restore(noio);
	port_check(port);
	port_put(port);
	return 0;

err_id:
	xa_erase(&ports, port->id);
err_port:
	port_put(port);
err_root:
	hcd_unreserve(root);
	if (ret == -ENOMEM)
		NL_SET_ERR_MSG(extack, "no memory for the port");
	return ret;
}

/*
 * Did the peer go before there was a port to be seen? Then nobody told the port. That the
 * peer may only have expired is no reason to keep a port that nobody would end.
 */
static void port_check_peer(const struct port_config *config, u32 id)
{
	struct vhci_port *port;

	if (!bind_get(config->net, config->peer, NULL)) {
		bind_put();
		return;
	}
	port = port_get(id, config->net);
	if (!port)
		return;
	conn_kill(&port->conn, HEARTH_USB_PORT_REASON_PEER, 0, NULL);
	port_put(port);
}

static int port_bind_and_plug_in(const struct port_config *config,
				 struct socket *sock, u32 *id,
				 struct netlink_ext_ack *extack)
{
	int ret;

	if (!config->peer)
		return port_plug_in(config, sock, id, extack);
	ret = bind_get(config->net, config->peer, extack);
	if (ret)
		return ret;
	ret = port_plug_in(config, sock, id, extack);
	if (ret)
		bind_put();
	else
		port_check_peer(config, *id);
	return ret;
}

/**
 * port_attach() - plug a device in
 * @config: what is known of it
 * @fd: of the connected socket, in the caller's file table
 * @id: set to the new port's
 * @extack: for the sentence that tells why not
 *
 * Return: 0 or a negative errno.
 */
int port_attach(const struct port_config *config, int fd, u32 *id,
		struct netlink_ext_ack *extack)
{
	struct socket *sock;
	int ret;

	sock = sockfd_lookup(fd, &ret);
	if (!sock) {
		if (ret == -ENOTSOCK)
			NL_SET_ERR_MSG(extack, "the file descriptor is not a socket");
		else
			NL_SET_ERR_MSG(extack, "the file descriptor is not open");
		return ret;
	}
	down_read(&ports_gate);
	if (ports_ended) {
		NL_SET_ERR_MSG(extack, "the module is being removed");
		ret = -ESHUTDOWN;
	} else {
		ret = port_bind_and_plug_in(config, sock, id, extack);
	}
	up_read(&ports_gate);
	if (ret)
		sockfd_put(sock);
	return ret;
}

/**
 * port_leave() - have the drivers let go of a device, then unplug it
 * @port: the port
 * @reason: enum hearth_usb_port_reason; the first one counts
 * @limit_ms: longest standstill; PORT_LEAVE_TIMES that is the longest in all. The
 *	shortest of those given counts
 *
 * Waits for nothing. Context: process.
 */
void port_leave(struct vhci_port *port, u32 reason, u32 limit_ms)
{
	struct conn_stats stats;
	bool first;

	conn_get_stats(&port->conn, &stats);
	spin_lock(&port->lock);
	first = !port->leaving && !port->down;
	if (first) {
		port->at_hub++;
		port->leave.limit_ms = limit_ms;
		port->leave.begin = jiffies;
		port->leave.moved = jiffies;
		port->leave.rx_bytes = stats.rx_bytes;
		/* Who sees it sees what is above, too. */
		smp_store_release(&port->leaving, reason);
	} else if (limit_ms < port->leave.limit_ms) {
		/* Who is in more of a hurry need not wait for the other. */
		WRITE_ONCE(port->leave.limit_ms, limit_ms);
	}
	spin_unlock(&port->lock);
	if (!first)
		return;
	port_check(port);
	kref_get(&port->plug.ref);
	queue_work(port_leave_wq, &port->leave_work);
}

/**
 * port_detach() - unplug a device at once
 * @port: the port
 *
 * Waits until the socket is let go and all URBs are given back; both are
 * bounded. Return: 0, or -EINTR (the port goes all the same).
 */
int port_detach(struct vhci_port *port)
{
	conn_kill(&port->conn, HEARTH_USB_PORT_REASON_REQUEST, 0, NULL);
	return wait_for_completion_killable(&port->closed);
}

/**
 * port_authorize() - let drivers have a device that they were kept from
 * @port: the port
 * @devnum: number of the device that is meant
 *
 * Waits for nothing. Return: 0, or -ENODEV if the port leaves, or its device is
 * another one. Context: process.
 */
int port_authorize(struct vhci_port *port, u32 devnum)
{
	int ret = -ENODEV;

	spin_lock(&port->lock);
	if (!port->leaving && !port->down && devnum &&
	    roothub_devnum(&port->plug) == devnum) {
		WRITE_ONCE(port->authorized, devnum);
		/* One that is due already sees it, too. */
		if (queue_work(port_leave_wq, &port->authorize_work)) {
			kref_get(&port->plug.ref);
			port->at_hub++;
		}
		ret = 0;
	}
	spin_unlock(&port->lock);
	return ret;
}

/* Calls @fn for each port that @net sees. */
static void ports_for_each(const struct net *net,
			   void (*fn)(struct vhci_port *port))
{
	struct vhci_port *port;
	u32 id = 0;

	while ((port = port_get_next(id, net))) {
		fn(port);
		id = port->id + 1;
		port_put(port);
		if (!id)
			break;
	}
}

static void port_leave_net(struct vhci_port *port)
{
	spin_lock(&port->lock);
	WRITE_ONCE(port->net, NULL);
	spin_unlock(&port->lock);
	port_leave(port, HEARTH_USB_PORT_REASON_NAMESPACE, PORT_LEAVE_MS);
}

/**
 * ports_leave_net() - a namespace ends
 * @net: the namespace
 *
 * Its ports are told to leave; none points to it any more. Waits for nothing.
 */
void ports_leave_net(const struct net *net)
{
	ports_for_each(net, port_leave_net);
}

/* --- peers --------------------------------------------------------------- */

/* Is the next port from @id on bound to the peer? Sets @id behind it. */
static struct vhci_port *port_get_bound(u32 *id, const struct net *net,
					const u8 *peer)
{
	struct vhci_port *port;

	while ((port = port_get_next(*id, net))) {
		*id = port->id + 1;
		if (port->bound && READ_ONCE(port->net) == net &&
		    !memcmp(port->peer, peer, sizeof(port->peer)))
			return port;
		port_put(port);
		if (!*id)
			break;
	}
	return NULL;
}

/*
 * Silence takes nothing from a living connection. A peer that says goodbye is there till
 * its devices have let go; one that is trusted no more is cut off.
 */
static bool port_peer_gone(const struct net *net, const u8 *peer, u32 reason)
{
	struct vhci_port *port;
	bool found = false;
	u32 id = 0;

	while (reason != HEARTH_PEER_REASON_EXPIRED &&
	       (port = port_get_bound(&id, net, peer))) {
		found = true;
		if (reason == HEARTH_PEER_REASON_GOODBYE)
			port_leave(port, HEARTH_USB_PORT_REASON_PEER,
				   PORT_LEAVE_MS);
		else
			conn_kill(&port->conn, HEARTH_USB_PORT_REASON_PEER, 0,
				  NULL);
		port_put(port);
		if (!id)
			break;
	}
	return found;
}

static unsigned long port_peer_heard(const struct net *net, const u8 *peer,
				     unsigned long heard)
{
	struct vhci_port *port;
	unsigned long since;
	u32 id = 0;

	while ((port = port_get_bound(&id, net, peer))) {
		since = conn_heard(&port->conn);
		if (time_after(since, heard))
			heard = since;
		port_put(port);
		if (!id)
			break;
	}
	return heard;
}

static const struct bind_ops port_bind_ops = {
	.gone = port_peer_gone,
	.heard = port_peer_heard,
};

/* --- life ---------------------------------------------------------------- */

int ports_init(void (*notify)(struct vhci_port *port, u32 state))
{
	ports_notify = notify;
	bind_init(&port_bind_ops);
	port_wq = alloc_workqueue("hearth_vhci_port",
				  WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!port_wq)
		return -ENOMEM;
	/* Not for reclaim: drivers may flush any queue. */
	port_leave_wq = alloc_workqueue("hearth_vhci_leave", WQ_UNBOUND, 0);
	if (!port_leave_wq) {
		destroy_workqueue(port_wq);
		return -ENOMEM;
	}
	return 0;
}

static void port_unload(struct vhci_port *port)
{
	port_leave(port, HEARTH_USB_PORT_REASON_UNLOAD, PORT_LEAVE_MS);
}

static void port_wait_closed(struct vhci_port *port)
{
	wait_for_completion(&port->closed);
}

/**
 * ports_end() - detach all ports, for the module's end
 *
 * None is attached from here on. Waits until every connection is closed, which is
 * bounded as port_leave() has it, for all ports at once.
 */
void ports_end(void)
{
	down_write(&ports_gate);
	ports_ended = true;
	up_write(&ports_gate);

	ports_for_each(&init_net, port_unload);
	ports_for_each(&init_net, port_wait_closed);
}

/* After the controllers are gone no port has a device. */
void ports_exit(void)
{
	wait_event(ports_none, !atomic_read(&ports_count));
	/* The last callback that woke us may still be running. */
	rcu_barrier();
	destroy_workqueue(port_leave_wq);
	destroy_workqueue(port_wq);
	xa_destroy(&ports);
}
