// SPDX-License-Identifier: GPL-2.0
/* Ports: attach, detach, and the work that takes a dead one down. */
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <net/sock.h>

#include "hcd.h"
#include "netlink.h"
#include "port.h"

/* Ports by id. An entry is set when the port is fully plugged in. */
static DEFINE_XARRAY_ALLOC1(ports);
static u32 ports_next;
static struct workqueue_struct *port_wq;

/* Ports that are not freed yet; ports_exit() waits for none. */
static atomic_t ports_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(ports_none);

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
	struct vhci_port *port = container_of(ref, struct vhci_port, ref);

	call_rcu(&port->rcu, port_free);
}

void port_put(struct vhci_port *port)
{
	kref_put(&port->ref, port_release);
}

/* The port with @id, with a reference, or NULL. */
struct vhci_port *port_get(u32 id)
{
	struct vhci_port *port;

	rcu_read_lock();
	port = xa_load(&ports, id);
	if (port && !kref_get_unless_zero(&port->ref))
		port = NULL;
	rcu_read_unlock();
	return port;
}

/* The port with the lowest id from @id on, with a reference, or NULL. */
struct vhci_port *port_get_next(u32 id)
{
	unsigned long index = id;
	struct vhci_port *port;

	rcu_read_lock();
	port = xa_find(&ports, &index, U32_MAX, XA_PRESENT);
	while (port && !kref_get_unless_zero(&port->ref))
		port = xa_find_after(&ports, &index, U32_MAX, XA_PRESENT);
	rcu_read_unlock();
	return port;
}

/* enum hearth_usb_port_state of a port that can still be looked up */
u32 port_state(struct vhci_port *port)
{
	return READ_ONCE(port->down) ? HEARTH_USB_PORT_STATE_DETACHING :
				       HEARTH_USB_PORT_STATE_ATTACHED;
}

/* Local number of the port's device; 0 before it has one. */
u32 port_devnum(struct vhci_port *port)
{
	return READ_ONCE(port->devnum);
}

static void port_take_down(struct vhci_port *port)
{
	conn_close(&port->conn);
	WRITE_ONCE(port->down, true);
	hub_unplug(port);
	netlink_notify(port, HEARTH_USB_PORT_STATE_DETACHING);
	complete_all(&port->closed);
}

static void port_work(struct work_struct *work)
{
	struct vhci_port *port = container_of(work, struct vhci_port, work);

	if (!READ_ONCE(port->plugged))
		goto out;
	if (!port->down && conn_is_dead(&port->conn))
		port_take_down(port);
	if (port->down && hub_release(port)) {
		xa_erase(&ports, port->id);
		netlink_notify(port, HEARTH_USB_PORT_STATE_GONE);
		port_put(port);
	}
out:
	port_put(port);
}

/**
 * port_check() - something has happened that may take the port down
 * @port: the port
 *
 * Each port has a work item of its own on an unbound queue, so that one whose
 * driver will not let go holds up no other.
 */
void port_check(struct vhci_port *port)
{
	kref_get(&port->ref);
	if (!queue_work(port_wq, &port->work))
		port_put(port);
}

static void port_conn_died(struct vhci_conn *conn)
{
	port_check(container_of(conn, struct vhci_port, conn));
}

static struct vhci_port *port_alloc(const struct port_config *config,
				    struct usb_hcd *hcd)
{
	struct vhci_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return NULL;
	if (conn_init(&port->conn, hcd, port_conn_died)) {
		kfree(port);
		return NULL;
	}
	atomic_inc(&ports_count);
	kref_init(&port->ref);
	init_completion(&port->closed);
	INIT_WORK(&port->work, port_work);
	port->speed = config->speed;
	port->conn.devid = config->devid;
	port->conn.limits = config->limits;
	port->conn.storage.state.refused = config->no_posting;
	if (config->busid)
		strscpy(port->busid, config->busid, sizeof(port->busid));
	if (config->server)
		strscpy(port->server, config->server, sizeof(port->server));
	return port;
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
	struct vhci_port *port;
	struct vhci_root *root;
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
	root = hub_reserve(config->speed, extack);
	if (IS_ERR(root)) {
		ret = PTR_ERR(root);
		goto err_sock;
	}
	ret = -ENOMEM;
	port = port_alloc(config, hub_root_hcd(root));
	if (!port)
		goto err_root;
	port->root = root;
	port->busnum = port->conn.hcd->self.busnum;
	port->root_port = root->index + 1;
	ret = xa_alloc_cyclic(&ports, &port->id, NULL, xa_limit_32b,
			      &ports_next, GFP_KERNEL);
	if (ret < 0)
		goto err_port;
	ret = conn_open(&port->conn, sock, config->tls, extack);
	if (ret)
		goto err_id;

	*id = port->id;
	hub_plug(port);
	xa_store(&ports, port->id, port, GFP_KERNEL);
	netlink_notify(port, HEARTH_USB_PORT_STATE_ATTACHED);
	/* From here on the port's work may take it down. */
	kref_get(&port->ref);
	WRITE_ONCE(port->plugged, true);
	port_check(port);
	port_put(port);
	return 0;

err_id:
	xa_erase(&ports, port->id);
err_port:
	port_put(port);
err_root:
	hub_unreserve(root);
err_sock:
	sockfd_put(sock);
	return ret;
}

/**
 * port_detach() - unplug a device
 * @id: of the port
 *
 * Waits until the socket is let go and all URBs are given back; both are
 * bounded. Return: 0, -ENOENT, or -EINTR (the port goes all the same).
 */
int port_detach(u32 id)
{
	struct vhci_port *port = port_get(id);
	int ret;

	if (!port)
		return -ENOENT;
	conn_kill(&port->conn, HEARTH_USB_PORT_REASON_REQUEST, 0, NULL);
	ret = wait_for_completion_killable(&port->closed);
	port_put(port);
	return ret;
}

/* Called when no port can be attached any more. */
void ports_detach_all(void)
{
	struct vhci_port *port;
	u32 id = 0;

	while ((port = port_get_next(id))) {
		conn_kill(&port->conn, HEARTH_USB_PORT_REASON_UNLOAD, 0,
			  NULL);
		wait_for_completion(&port->closed);
		id = port->id + 1;
		port_put(port);
		if (!id)
			break;
	}
}

int ports_init(void)
{
	port_wq = alloc_workqueue("hearth_vhci_port",
				  WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return port_wq ? 0 : -ENOMEM;
}

/* After the controllers are gone no port has a device. */
void ports_exit(void)
{
	wait_event(ports_none, !atomic_read(&ports_count));
	/* The last callback that woke us may still be running. */
	rcu_barrier();
	destroy_workqueue(port_wq);
	xa_destroy(&ports);
}
