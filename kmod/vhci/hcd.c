// SPDX-License-Identifier: GPL-2.0
/* Controllers, and what the USB core asks of them. */
#include <linux/idr.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>
#include <linux/usb/quirks.h>
#include <linux/workqueue.h>
#include <uapi/linux/hearth_usb.h>

#include "conn.h"
#include "hcd.h"
#include "roothub.h"

#define HCD_NAME	"hearth_vhci"

/* How long an empty controller waits for the next device. */
#define HCD_IDLE_MS	2000

/*
 * The core numbers buses from 1 to 63. The last four are left to hardware that
 * is plugged in later, such as the controllers of a dock.
 */
#define HCD_BUSES	63
#define HCD_BUSES_LEFT	4

/*
 * A port of a root hub takes 4 KiB, used or not, most of it in sysfs: while less
 * than so many buses are there a root hub has one port. What comes later may have
 * to be shared.
 */
#define HCD_BUSES_SINGLE	32

/* How long a server may keep the machine from its sleep. */
#define HCD_SLEEP_MS	10000

/* A controller: the private part of its HCD. */
struct vhci_hcd {
	struct vhci_roothub hub;	/* first, see hcd_to_roothub() */
	struct list_head node;		/* hcds_mutex */
	bool going;			/* hcds_mutex */
	bool asleep;			/* from prepare to complete: see there */
	struct delayed_work idle_work;
	struct delayed_work sleep_work;
};

static_assert(offsetof(struct vhci_hcd, hub) == 0);

/*
 * Protects the lists of controllers. Taken outside the USB core's own locks when
 * one is made; never held while one is removed.
 */
static DEFINE_MUTEX(hcds_mutex);
static LIST_HEAD(hcds);
/* At module removal: no more HCDs, but ports may still point here. */
static LIST_HEAD(hcds_going);
static struct workqueue_struct *hcd_wq;		/* removes controllers */
static struct workqueue_struct *hcd_sleep_wq;	/* runs while others sleep */

static struct vhci_hcd *hcd_to_vhci(struct usb_hcd *hcd)
{
	return (struct vhci_hcd *)hcd->hcd_priv;
}

/* --- URBs and devices ---------------------------------------------------- */

static const struct usb_ctrlrequest *hcd_setup(const struct urb *urb)
{
	return (const struct usb_ctrlrequest *)urb->setup_packet;
}

static bool hcd_is_set_configuration(struct urb *urb)
{
	const struct usb_ctrlrequest *setup = hcd_setup(urb);

	return usb_pipecontrol(urb->pipe) &&
	       setup->bRequestType == USB_RECIP_DEVICE &&
	       setup->bRequest == USB_REQ_SET_CONFIGURATION;
}

static int hcd_urb_enqueue(struct usb_hcd *hcd, struct urb *urb, gfp_t gfp)
{
	struct vhci_plug *plug = roothub_find(hcd, urb->dev);
	int ret;

	if (!plug)
		return -ENODEV;
	if (hcd_is_set_configuration(urb))
		roothub_configured(plug);
	ret = conn_submit(plug->conn, urb, gfp);
	plug_put(plug);
	return ret;
}

/* Can the core not do without the answer, when it enumerates a device? */
static bool hcd_is_needed(struct urb *urb)
{
	const struct usb_ctrlrequest *setup = hcd_setup(urb);
	u8 type = le16_to_cpu(setup->wValue) >> 8;

	switch (setup->bRequest) {
	case USB_REQ_SET_CONFIGURATION:
		return true;
	case USB_REQ_GET_DESCRIPTOR:
		return type == USB_DT_DEVICE || type == USB_DT_CONFIG;
	default:
		return false;
	}
}

/*
 * Has the core waited for an answer in vain, which it does with usb_kill_urb()?
 * While it enumerates a device nobody else can submit anything.
 */
static bool hcd_is_timeout(struct urb *urb, int status)
{
	return status == -ENOENT && usb_pipecontrol(urb->pipe) &&
	       !usb_pipeendpoint(urb->pipe);
}

static int hcd_urb_dequeue(struct usb_hcd *hcd, struct urb *urb, int status)
{
	struct vhci_plug *plug = roothub_find(hcd, urb->dev);
	int ret;

	/* Without a plug every URB has been given back. */
	if (!plug)
		return -EIDRM;
	if (hcd_is_timeout(urb, status)) {
		if (READ_ONCE(hcd_to_vhci(hcd)->asleep))
			conn_kill(plug->conn, HEARTH_USB_PORT_REASON_SLEEP,
				  -ETIMEDOUT, NULL);
		else if (roothub_silent(plug, hcd_is_needed(urb)))
			conn_kill(plug->conn,
				  HEARTH_USB_PORT_REASON_ENUMERATION,
				  -ETIMEDOUT,
				  "a request of the USB core was not answered");
	}
	ret = conn_dequeue(plug->conn, urb, status);
	plug_put(plug);
	return ret;
}

/* The core has reset the root port; let the real device follow. */
static int hcd_reset_device(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct vhci_plug *plug;
	bool reset = false;
	int ret = 0;

	plug = roothub_bind(hcd, udev, &reset);
	if (!plug)
		return -ENODEV;
	if (reset) {
		ret = conn_reset_device(plug->conn);
		/* The core does not look, and its driver goes on. */
		if (ret == -ENOMEM)
			conn_kill(plug->conn, HEARTH_USB_PORT_REASON_LOST, ret,
				  "no memory for a reset");
	}
	plug_put(plug);
	return ret;
}

/*
 * Is it to stay without drivers till somebody authorizes it? The policy that the core
 * has is one for a whole controller, and ports may share that. A device that is
 * registered has been decided upon: its reset leaves that as it is. Before, nobody but
 * the hub driver knows it.
 */
static bool hcd_holds_back(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct vhci_plug *plug = roothub_find(hcd, udev);
	bool so;

	if (!plug)
		return false;
	so = plug->unauthorized && !device_is_registered(&udev->dev);
	plug_put(plug);
	return so;
}

/*
 * The core has read the device descriptor. Nothing on this wire carries a wake-up
 * of the device, so none is offered: a driver that needs one, as those of
 * keyboards do, then keeps its device awake.
 */
static int hcd_update_device(struct usb_hcd *hcd, struct usb_device *udev)
{
	udev->quirks |= USB_QUIRK_IGNORE_REMOTE_WAKEUP;
	if (hcd_holds_back(hcd, udev))
		udev->authorized = 0;
	return 0;
}

/* The core has tried everything and gives up. */
static void hcd_relinquish_port(struct usb_hcd *hcd, int port1)
{
	struct vhci_plug *plug = roothub_at(hcd, port1);

	if (!plug)
		return;
	conn_kill(plug->conn, HEARTH_USB_PORT_REASON_ENUMERATION, -EPROTO,
		  "the USB core cannot use what the device tells of itself");
	plug_put(plug);
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

static const struct hc_driver hcd_driver = {
	.description		= HCD_NAME,
	.product_desc		= "Hearth virtual USB host controller",
	.hcd_priv_size		= sizeof(struct vhci_hcd),
	.flags			= HCD_USB3 | HCD_BH,
	.start			= hcd_start,
	.stop			= hcd_stop,
	.get_frame_number	= hcd_get_frame_number,
	.urb_enqueue		= hcd_urb_enqueue,
	.urb_dequeue		= hcd_urb_dequeue,
	.reset_device		= hcd_reset_device,
	.update_device		= hcd_update_device,
	.free_dev		= roothub_unbind,
	.relinquish_port	= hcd_relinquish_port,
	.hub_status_data	= roothub_status_data,
	.hub_control		= roothub_control,
	.bus_suspend		= roothub_suspend,
	.bus_resume		= roothub_resume,
};

/* Every USB device of the machine is told of here. */
static int hcd_notified(struct notifier_block *nb, unsigned long action,
			void *data)
{
	struct usb_device *udev = data;

	if (action == USB_DEVICE_ADD && udev->parent &&
	    bus_to_hcd(udev->bus)->driver == &hcd_driver)
		roothub_present(bus_to_hcd(udev->bus), udev);
	return NOTIFY_OK;
}

static struct notifier_block hcd_notifier = {
	.notifier_call = hcd_notified,
};

/* --- system sleep --------------------------------------------------------- */

/*
 * Drivers put their devices to sleep as any others: a disk's cache is flushed, and
 * on waking up the connection, if it lives, goes on. But the line may be dead by
 * then, or the network card asleep already, and drivers wait for minutes. So what
 * is under way HCD_SLEEP_MS after the preparations ends with its connection, and
 * so does, up to the end of waking up, one on which the core waits in vain.
 */
static void hcd_sleep_work(struct work_struct *work)
{
	struct vhci_hcd *vhci = container_of(to_delayed_work(work),
					     struct vhci_hcd, sleep_work);
	struct conn_stats stats;
	struct vhci_plug *plug;
	unsigned int i;

	for (i = 1; i <= ROOTHUB_PORTS; i++) {
		plug = roothub_at(vhci->hub.hcd, i);
		if (!plug)
			continue;
		conn_get_stats(plug->conn, &stats);
		if (stats.in_flight)
			conn_kill(plug->conn, HEARTH_USB_PORT_REASON_SLEEP,
				  -ETIMEDOUT, NULL);
		plug_put(plug);
	}
}

static int hcd_prepare(struct device *dev)
{
	struct vhci_hcd *vhci = hcd_to_vhci(dev_get_drvdata(dev));

	WRITE_ONCE(vhci->asleep, true);
	queue_delayed_work(hcd_sleep_wq, &vhci->sleep_work,
			   msecs_to_jiffies(HCD_SLEEP_MS));
	return 0;
}

/* The root hub and what is behind it sleep. */
static int hcd_suspend(struct device *dev)
{
	struct vhci_hcd *vhci = hcd_to_vhci(dev_get_drvdata(dev));

	cancel_delayed_work_sync(&vhci->sleep_work);
	return 0;
}

/* All is awake, or never went to sleep. */
static void hcd_complete(struct device *dev)
{
	struct vhci_hcd *vhci = hcd_to_vhci(dev_get_drvdata(dev));

	cancel_delayed_work_sync(&vhci->sleep_work);
	WRITE_ONCE(vhci->asleep, false);
}

static const struct dev_pm_ops hcd_pm_ops = {
	.prepare	= hcd_prepare,
	.suspend	= hcd_suspend,
	.freeze		= hcd_suspend,
	.poweroff	= hcd_suspend,
	.complete	= hcd_complete,
};

static struct platform_driver hcd_platform_driver = {
	.driver = {
		.name			= HCD_NAME,
		.suppress_bind_attrs	= true,
		.pm			= pm_sleep_ptr(&hcd_pm_ops),
	},
};

/* --- controllers -------------------------------------------------------- */

/* Frees @vhci, or leaves that to the last device that has a reference. */
static void hcd_free(struct vhci_hcd *vhci)
{
	struct usb_hcd *hcd = vhci->hub.hcd;
	struct platform_device *pdev = to_platform_device(hcd->self.controller);

	/* First: its callbacks for system sleep look at the HCD. */
	platform_device_unregister(pdev);
	usb_put_hcd(hcd);
}

static void hcd_idle_work(struct work_struct *work)
{
	struct vhci_hcd *vhci = container_of(to_delayed_work(work),
					     struct vhci_hcd, idle_work);
	bool idle;

	mutex_lock(&hcds_mutex);
	/* Was the last port given back only now? Then this runs once more. */
	idle = !roothub_taken(&vhci->hub) && !vhci->going &&
	       !delayed_work_pending(&vhci->idle_work);
	if (idle)
		list_del(&vhci->node);
	mutex_unlock(&hcds_mutex);
	if (!idle)
		return;
	/* Disconnects what is plugged in, so it waits for drivers. */
	usb_remove_hcd(vhci->hub.hcd);
	hcd_free(vhci);
}

/* Buses that the core has, of whatever controllers. */
static unsigned int hcd_buses(void)
{
	struct usb_bus *bus;
	unsigned int n = 0;
	int busnum;

	mutex_lock(&usb_bus_idr_lock);
	idr_for_each_entry(&usb_bus_idr, bus, busnum)
		n++;
	mutex_unlock(&usb_bus_idr_lock);
	return n;
}

static struct vhci_hcd *hcd_create(bool super, u8 ports)
{
	/* Nothing is mapped for DMA: no address is out of reach. */
	static const struct platform_device_info info = {
		.name = HCD_NAME,
		.id = PLATFORM_DEVID_AUTO,
		.dma_mask = DMA_BIT_MASK(64),
	};
	struct platform_device *pdev;
	struct vhci_hcd *vhci;
	struct usb_hcd *hcd;
	int ret;

	lockdep_assert_held(&hcds_mutex);

	pdev = platform_device_register_full(&info);
	if (IS_ERR(pdev))
		return ERR_CAST(pdev);
	ret = -ENOMEM;
	hcd = usb_create_hcd(&hcd_driver, &pdev->dev, dev_name(&pdev->dev));
	if (!hcd)
		goto err_unregister;
	vhci = hcd_to_vhci(hcd);
	INIT_DELAYED_WORK(&vhci->idle_work, hcd_idle_work);
	INIT_DELAYED_WORK(&vhci->sleep_work, hcd_sleep_work);
	roothub_init(&vhci->hub, hcd, super, ports);
	hcd->speed = super ? HCD_USB31 : HCD_USB2;
	hcd->has_tt = !super;		/* takes low and full speed as well */
	hcd->uses_new_polling = 1;
	hcd->skip_phy_initialization = 1;
	hcd->self.sg_tablesize = ~0;
	hcd->self.no_sg_constraint = 1;
	ret = usb_add_hcd(hcd, 0, 0);
	if (ret)
		goto err_put;
	list_add_tail(&vhci->node, &hcds);
	return vhci;

err_put:
	usb_put_hcd(hcd);
err_unregister:
	platform_device_unregister(pdev);
	return ERR_PTR(ret);
}

/* The controller of a speed that has the fewest ports taken, and one free, or NULL. */
static struct vhci_hcd *hcd_least_used(bool super)
{
	unsigned int n, least = ROOTHUB_PORTS;
	struct vhci_hcd *vhci, *found = NULL;

	lockdep_assert_held(&hcds_mutex);

	list_for_each_entry(vhci, &hcds, node) {
		if (vhci->hub.super != super)
			continue;
		n = roothub_taken(&vhci->hub);
		if (n >= least || n == vhci->hub.ports)
			continue;
		least = n;
		found = vhci;
	}
	return found;
}

/* A controller with a free root port, for one of a speed. */
static struct vhci_hcd *hcd_choose(bool super, struct netlink_ext_ack *extack)
{
	struct vhci_hcd *vhci, *shared = hcd_least_used(super);
	unsigned int buses = hcd_buses();

	if (shared && !roothub_taken(&shared->hub))
		return shared;
	vhci = ERR_PTR(-ENOSPC);
	if (buses < HCD_BUSES - HCD_BUSES_LEFT)
		vhci = hcd_create(super, buses < HCD_BUSES_SINGLE ?
				  1 : ROOTHUB_PORTS);
	if (!IS_ERR(vhci))
		return vhci;
	if (shared) {
		pr_notice_ratelimited("no USB bus left (%pe): a new port shares bus %d\n",
				      vhci, shared->hub.hcd->self.busnum);
		return shared;
	}
	if (PTR_ERR(vhci) == -ENOSPC)
		NL_SET_ERR_MSG(extack, "no USB bus is left, none has a free port of this speed");
	else
		NL_SET_ERR_MSG(extack, "no USB controller can be made");
	return vhci;
}

/**
 * hcd_reserve() - a free root port for a device
 * @speed: of the device, enum hearth_usb_speed
 * @extack: for the sentence that tells why there is none
 *
 * Makes a controller if it can, or else takes a port of the one that has the most
 * free. Return: the root port or an ERR_PTR().
 */
struct vhci_root *hcd_reserve(u32 speed, struct netlink_ext_ack *extack)
{
	struct vhci_root *root;
	struct vhci_hcd *vhci;

	mutex_lock(&hcds_mutex);
	vhci = hcd_choose(speed >= HEARTH_USB_SPEED_SUPER, extack);
	root = IS_ERR(vhci) ? ERR_CAST(vhci) : roothub_reserve(&vhci->hub);
	mutex_unlock(&hcds_mutex);
	return root;
}

/* Give a root port back. The last one of a controller ends it, after a while. */
void hcd_unreserve(struct vhci_root *root)
{
	struct vhci_roothub *hub = root_to_roothub(root);

	mutex_lock(&hcds_mutex);
	roothub_unreserve(root);
	if (!roothub_taken(hub))
		mod_delayed_work(hcd_wq, &hcd_to_vhci(hub->hcd)->idle_work,
				 msecs_to_jiffies(HCD_IDLE_MS));
	mutex_unlock(&hcds_mutex);
}

int hcds_init(void)
{
	int ret = -ENOMEM;

	hcd_wq = alloc_workqueue("hearth_vhci_hcd", WQ_UNBOUND | WQ_FREEZABLE,
				 0);
	if (!hcd_wq)
		return ret;
	hcd_sleep_wq = alloc_workqueue("hearth_vhci_sleep", WQ_UNBOUND, 0);
	if (!hcd_sleep_wq)
		goto err_wq;
	ret = platform_driver_register(&hcd_platform_driver);
	if (ret)
		goto err_sleep_wq;
	usb_register_notify(&hcd_notifier);
	return 0;

err_sleep_wq:
	destroy_workqueue(hcd_sleep_wq);
err_wq:
	destroy_workqueue(hcd_wq);
	return ret;
}

/**
 * hcds_remove_all() - remove every controller's HCD
 *
 * Called when no port can be attached any more and all are detached. Drivers
 * let go of their devices here, and with that ports are released.
 */
void hcds_remove_all(void)
{
	struct vhci_hcd *vhci;

	mutex_lock(&hcds_mutex);
	list_for_each_entry(vhci, &hcds, node)
		vhci->going = true;
	list_splice_init(&hcds, &hcds_going);
	mutex_unlock(&hcds_mutex);

	list_for_each_entry(vhci, &hcds_going, node)
		usb_remove_hcd(vhci->hub.hcd);
}

/* After the last port was freed. */
void hcds_exit(void)
{
	struct vhci_hcd *vhci, *next;

	usb_unregister_notify(&hcd_notifier);
	list_for_each_entry_safe(vhci, next, &hcds_going, node) {
		cancel_delayed_work_sync(&vhci->idle_work);
		hcd_free(vhci);
	}
	/* Waits for controllers that went idle by themselves. */
	destroy_workqueue(hcd_wq);
	destroy_workqueue(hcd_sleep_wq);
	platform_driver_unregister(&hcd_platform_driver);
}
