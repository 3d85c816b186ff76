// SPDX-License-Identifier: GPL-2.0
/* Controllers, and what the USB core asks of them. */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "hcd.h"
#include "port.h"

#define VHCI_NAME	"hearth_vhci"

/* How long an empty controller waits for the next device. */
#define VHCI_IDLE_MS	2000

/*
 * Protects the lists of controllers and which root ports are taken. Taken
 * outside the USB core's own locks when a controller is made.
 */
static DEFINE_MUTEX(vhci_ctls_mutex);
static LIST_HEAD(vhci_ctls);
/* At module removal: no more HCDs, but ports may still point here. */
static LIST_HEAD(vhci_ctls_going);
static struct workqueue_struct *vhci_ctl_wq;

/* --- URBs --------------------------------------------------------------- */

/* The port that @udev is plugged into, with a reference, or NULL. */
static struct vhci_port *hcd_port_get(struct usb_hcd *hcd,
				      struct usb_device *udev)
{
	struct vhci_hub *hub = hcd_to_hub(hcd);
	struct vhci_port *port;

	/* USB/IP carries one device a connection: nothing is behind it. */
	if (udev->level != 1 || udev->portnum > VHCI_ROOT_PORTS)
		return NULL;
	rcu_read_lock();
	port = rcu_dereference(hub->root[udev->portnum - 1].port);
	if (port && !kref_get_unless_zero(&port->ref))
		port = NULL;
	rcu_read_unlock();
	return port;
}

/*
 * The first URB tells which device of the core is the port's. One that was
 * plugged in here before can so never reach the new one.
 */
static bool hcd_bind(struct usb_hcd *hcd, struct vhci_port *port,
		     struct usb_device *udev)
{
	struct vhci_hub *hub = hcd_to_hub(hcd);
	unsigned long flags;

	if (likely(READ_ONCE(port->udev) == udev))
		return true;
	spin_lock_irqsave(&hub->lock, flags);
	if (!port->udev && rcu_access_pointer(port->root->port) == port)
		WRITE_ONCE(port->udev, udev);
	spin_unlock_irqrestore(&hub->lock, flags);
	return READ_ONCE(port->udev) == udev;
}

static bool hcd_is_set_configuration(struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (void *)urb->setup_packet;

	return usb_pipecontrol(urb->pipe) &&
	       setup->bRequestType == USB_RECIP_DEVICE &&
	       setup->bRequest == USB_REQ_SET_CONFIGURATION;
}

static int hcd_urb_enqueue(struct usb_hcd *hcd, struct urb *urb, gfp_t gfp)
{
	struct vhci_port *port = hcd_port_get(hcd, urb->dev);
	int ret = -ENODEV;

	if (!port)
		return ret;
	if (hcd_bind(hcd, port, urb->dev)) {
		if (hcd_is_set_configuration(urb)) {
			WRITE_ONCE(port->configured, true);
			WRITE_ONCE(port->devnum, urb->dev->devnum);
		}
		ret = conn_submit(&port->conn, urb, gfp);
	}
	port_put(port);
	return ret;
}

static int hcd_urb_dequeue(struct usb_hcd *hcd, struct urb *urb, int status)
{
	struct vhci_port *port = hcd_port_get(hcd, urb->dev);
	int ret;

	/* Without a port every URB has been given back. */
	if (!port)
		return -EIDRM;
	ret = conn_dequeue(&port->conn, urb, status);
	port_put(port);
	return ret;
}

/* The core has reset the root port; let the real device follow. */
static int hcd_reset_device(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct vhci_port *port = hcd_port_get(hcd, udev);
	int ret = 0;

	if (!port)
		return -ENODEV;
	/* A device fresh from its server needs no reset. */
	if (xchg(&port->configured, false))
		ret = conn_reset_device(&port->conn);
	port_put(port);
	return ret;
}

/* The core is through with a device. */
static void hcd_free_dev(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct vhci_port *port = hcd_port_get(hcd, udev);
	struct vhci_hub *hub = hcd_to_hub(hcd);
	unsigned long flags;

	if (!port)
		return;
	spin_lock_irqsave(&hub->lock, flags);
	if (port->udev == udev) {
		WRITE_ONCE(port->udev, NULL);
		WRITE_ONCE(port->devnum, 0);
	}
	spin_unlock_irqrestore(&hub->lock, flags);
	port_check(port);
	port_put(port);
}

static int hcd_start(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_RUNNING;
	return 0;
}

static void hcd_stop(struct usb_hcd *hcd)
{
}

static int hcd_get_frame_number(struct usb_hcd *hcd)
{
	return ktime_to_ms(ktime_get()) & 0x7ff;
}

static const struct hc_driver vhci_driver = {
	.description		= VHCI_NAME,
	.product_desc		= "Hearth virtual USB host controller",
	.hcd_priv_size		= sizeof(struct vhci_hub),
	.flags			= HCD_USB3 | HCD_SHARED | HCD_BH,
	.start			= hcd_start,
	.stop			= hcd_stop,
	.get_frame_number	= hcd_get_frame_number,
	.urb_enqueue		= hcd_urb_enqueue,
	.urb_dequeue		= hcd_urb_dequeue,
	.reset_device		= hcd_reset_device,
	.free_dev		= hcd_free_dev,
	.hub_status_data	= hub_status_data,
	.hub_control		= hub_control,
	.bus_suspend		= hub_bus_suspend,
	.bus_resume		= hub_bus_resume,
};

static struct platform_driver vhci_platform_driver = {
	.driver = {
		.name			= VHCI_NAME,
		.suppress_bind_attrs	= true,
	},
};

/* --- controllers -------------------------------------------------------- */

static void ctl_setup_hcd(struct vhci_ctl *ctl, struct usb_hcd *hcd, bool super)
{
	struct vhci_hub *hub = hcd_to_hub(hcd);

	ctl->hcd[super] = hcd;
	hub->ctl = ctl;
	hub->hcd = hcd;
	hub->super = super;
	hub_init(hub);
	hcd->speed = super ? HCD_USB31 : HCD_USB2;
	hcd->has_tt = !super;		/* takes low and full speed as well */
	hcd->uses_new_polling = 1;
	hcd->skip_phy_initialization = 1;
	hcd->self.sg_tablesize = ~0;
	hcd->self.no_sg_constraint = 1;
}

static int ctl_add_hcds(struct vhci_ctl *ctl)
{
	struct device *dev = &ctl->pdev->dev;
	struct usb_hcd *hs, *ss;
	int ret = -ENOMEM;

	hs = usb_create_hcd(&vhci_driver, dev, dev_name(dev));
	if (!hs)
		return ret;
	ctl_setup_hcd(ctl, hs, false);
	ret = usb_add_hcd(hs, 0, 0);
	if (ret)
		goto err_put_hs;
	ret = -ENOMEM;
	ss = usb_create_shared_hcd(&vhci_driver, dev, dev_name(dev), hs);
	if (!ss)
		goto err_remove_hs;
	ctl_setup_hcd(ctl, ss, true);
	ret = usb_add_hcd(ss, 0, 0);
	if (ret)
		goto err_put_ss;
	return 0;

err_put_ss:
	usb_put_hcd(ss);
err_remove_hs:
	usb_remove_hcd(hs);
err_put_hs:
	usb_put_hcd(hs);
	return ret;
}

/*
 * Disconnects what is plugged in, so it waits for drivers: not to be called
 * with vhci_ctls_mutex held. The controller is off the list.
 */
static void ctl_remove(struct vhci_ctl *ctl)
{
	usb_remove_hcd(ctl->hcd[1]);
	usb_remove_hcd(ctl->hcd[0]);
}

static void ctl_free(struct vhci_ctl *ctl)
{
	usb_put_hcd(ctl->hcd[1]);
	usb_put_hcd(ctl->hcd[0]);
	platform_device_unregister(ctl->pdev);
	kfree(ctl);
}

static void ctl_idle_work(struct work_struct *work)
{
	struct vhci_ctl *ctl = container_of(to_delayed_work(work),
					    struct vhci_ctl, idle_work);
	bool idle;

	mutex_lock(&vhci_ctls_mutex);
	/* Was the last port given back only now? Then this runs once more. */
	idle = !ctl->taken && !ctl->going &&
	       !delayed_work_pending(&ctl->idle_work);
	if (idle)
		list_del(&ctl->node);
	mutex_unlock(&vhci_ctls_mutex);
	if (!idle)
		return;
	ctl_remove(ctl);
	ctl_free(ctl);
}

static struct vhci_ctl *ctl_create(void)
{
	struct vhci_ctl *ctl;
	int ret;

	lockdep_assert_held(&vhci_ctls_mutex);

	ctl = kzalloc(sizeof(*ctl), GFP_KERNEL);
	if (!ctl)
		return ERR_PTR(-ENOMEM);
	INIT_DELAYED_WORK(&ctl->idle_work, ctl_idle_work);
	ctl->pdev = platform_device_register_simple(VHCI_NAME,
						    PLATFORM_DEVID_AUTO,
						    NULL, 0);
	if (IS_ERR(ctl->pdev)) {
		ret = PTR_ERR(ctl->pdev);
		goto err_free;
	}
	ret = ctl_add_hcds(ctl);
	if (ret)
		goto err_unregister;
	list_add_tail(&ctl->node, &vhci_ctls);
	return ctl;

err_unregister:
	platform_device_unregister(ctl->pdev);
err_free:
	kfree(ctl);
	return ERR_PTR(ret);
}

static struct vhci_root *ctl_take(struct vhci_ctl *ctl, bool super)
{
	struct vhci_hub *hub = hcd_to_hub(ctl->hcd[super]);
	int i;

	for (i = 0; i < VHCI_ROOT_PORTS; i++) {
		struct vhci_root *root = &hub->root[i];

		if (root->taken)
			continue;
		root->taken = true;
		ctl->taken++;
		return root;
	}
	return NULL;
}

/**
 * hub_reserve() - a free root port for a device
 * @speed: of the device, enum hearth_usb_speed
 * @extack: for the sentence that tells why there is none
 *
 * Makes a controller if it must. Return: the root port or an ERR_PTR().
 */
struct vhci_root *hub_reserve(u32 speed, struct netlink_ext_ack *extack)
{
	bool super = speed >= HEARTH_USB_SPEED_SUPER;
	struct vhci_root *root = NULL;
	struct vhci_ctl *ctl;

	mutex_lock(&vhci_ctls_mutex);
	list_for_each_entry(ctl, &vhci_ctls, node) {
		root = ctl_take(ctl, super);
		if (root)
			break;
	}
	if (!root) {
		ctl = ctl_create();
		root = IS_ERR(ctl) ? ERR_CAST(ctl) : ctl_take(ctl, super);
		if (IS_ERR(ctl))
			NL_SET_ERR_MSG(extack, "no controller can be made (USB has 64 buses)");
	}
	mutex_unlock(&vhci_ctls_mutex);
	return root;
}

/* Give a root port back. The last one of a controller ends it, after a while. */
void hub_unreserve(struct vhci_root *root)
{
	struct vhci_ctl *ctl = root_to_hub(root)->ctl;

	mutex_lock(&vhci_ctls_mutex);
	root->taken = false;
	if (!--ctl->taken)
		mod_delayed_work(vhci_ctl_wq, &ctl->idle_work,
				 msecs_to_jiffies(VHCI_IDLE_MS));
	mutex_unlock(&vhci_ctls_mutex);
}

int hcds_init(void)
{
	int ret;

	vhci_ctl_wq = alloc_workqueue("hearth_vhci_ctl", WQ_UNBOUND, 0);
	if (!vhci_ctl_wq)
		return -ENOMEM;
	ret = platform_driver_register(&vhci_platform_driver);
	if (ret)
		destroy_workqueue(vhci_ctl_wq);
	return ret;
}

/**
 * hcds_remove_all() - remove every controller's HCDs
 *
 * Called when no port can be attached any more and all are detached. Drivers
 * let go of their devices here, and with that ports are released.
 */
void hcds_remove_all(void)
{
	struct vhci_ctl *ctl;

	mutex_lock(&vhci_ctls_mutex);
	list_for_each_entry(ctl, &vhci_ctls, node)
		ctl->going = true;
	list_splice_init(&vhci_ctls, &vhci_ctls_going);
	mutex_unlock(&vhci_ctls_mutex);

	list_for_each_entry(ctl, &vhci_ctls_going, node)
		ctl_remove(ctl);
}

/* After the last port was freed. */
void hcds_exit(void)
{
	struct vhci_ctl *ctl, *next;

	list_for_each_entry_safe(ctl, next, &vhci_ctls_going, node) {
		cancel_delayed_work_sync(&ctl->idle_work);
		ctl_free(ctl);
	}
	/* Waits for controllers that went idle by themselves. */
	destroy_workqueue(vhci_ctl_wq);
	platform_driver_unregister(&vhci_platform_driver);
}
