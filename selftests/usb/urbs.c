// SPDX-License-Identifier: GPL-2.0
/*
 * urbs [-m] [-t MS] [-u UID] DEVICE COMMAND ARG... - URBs through usbfs to the device
 * "echo" of liar (server/echo.c), or another that does the same, found by its
 * serial number or as BUS/DEVICE. -m: their buffers are mapped from usbfs. -u: as
 * this user, once the device is open; then "pid N" is printed, too.
 *
 * Prints "status S: N URBs, B bytes" for each status that URBs ended with.
 * Exit code: 0 all is well, 1 an URB failed or its data is wrong, 2 it could
 * not be tried, 3 something did not end within MS (10000) milliseconds.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#define DEVICES		"/sys/bus/usb/devices"
#define URBS_MAX	8192
#define STATUSES_MAX	16

/* Beyond its own limit a process may hang in the kernel; its parent tells. */
#define GRACE_MS	3000

static int fd;
static long long deadline;

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* --- the device ----------------------------------------------------------- */

static int read_text(const char *dir, const char *file, char *text, size_t size)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", dir, file);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (!fgets(text, size, f))
		*text = '\0';
	text[strcspn(text, "\n")] = '\0';
	fclose(f);
	return 0;
}

/* The path in /dev of the device with this serial number. */
static int find_device(const char *serial, char *path, size_t size)
{
	char text[64], bus[16], dev[16];
	struct dirent *entry;
	DIR *dir = opendir(DEVICES);
	int ret = -1;

	while (dir && ret && (entry = readdir(dir))) {
		if (read_text(entry->d_name, "serial", text, sizeof(text)) ||
		    strcmp(text, serial) ||
		    read_text(entry->d_name, "busnum", bus, sizeof(bus)) ||
		    read_text(entry->d_name, "devnum", dev, sizeof(dev)))
			continue;
		snprintf(path, size, "/dev/bus/usb/%03d/%03d", atoi(bus),
			 atoi(dev));
		ret = 0;
	}
	if (dir)
		closedir(dir);
	return ret;
}

static void open_device(const char *name)
{
	unsigned int interface = 0;
	char path[64];

	if (strchr(name, '/'))
		snprintf(path, sizeof(path), "/dev/bus/usb/%s", name);
	else if (find_device(name, path, sizeof(path)))
		errx(2, "no device %s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(2, "%s", path);
	if (ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface))
		err(2, "claim interface 0 of %s", path);
}

/* --- URBs ------------------------------------------------------------------ */

static int wrong;		/* URBs that failed or brought wrong data */
static unsigned int flying;	/* URBs submitted and not reaped */
static bool echoing;		/* what is read was written before */
static int looped;		/* an IN endpoint where it is so, whatever it is */
static bool mapped;		/* buffers are usbfs' own */

static struct {
	int status;
	unsigned int urbs;
	unsigned long long bytes;
} tally[STATUSES_MAX];

static void count_urb(const struct usbdevfs_urb *urb)
{
	int i;

	for (i = 0; i < STATUSES_MAX - 1; i++)
		if (!tally[i].urbs || tally[i].status == urb->status)
			break;
	tally[i].status = urb->status;
	tally[i].urbs++;
	tally[i].bytes += urb->actual_length;
	if (urb->status)
		wrong++;
}

static int summary(void)
{
	int i;

	for (i = 0; i < STATUSES_MAX && tally[i].urbs; i++)
		printf("status %d: %u URBs, %llu bytes\n", tally[i].status,
		       tally[i].urbs, tally[i].bytes);
	return wrong ? 1 : 0;
}

static unsigned char echo_byte(int i, unsigned long n)
{
	return i + (i >> 8) + 7 * n;
}

static void *new_buffer(size_t len)
{
	void *p;

	if (!mapped) {
		p = malloc(len + 1);
		if (!p)
			err(2, "%zu bytes", len);
		return p;
	}
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(2, "%zu bytes of usbfs", len);
	return p;
}

/* Number @n of its kind. What goes out is filled; what comes in overwrites. */
static struct usbdevfs_urb *new_urb(int type, int ep, int len, int packets,
				    unsigned long n)
{
	struct usbdevfs_urb *urb;
	unsigned char *p;
	int i;

	urb = calloc(1, sizeof(*urb) + packets * sizeof(*urb->iso_frame_desc));
	if (!urb)
		err(2, "URB");
	urb->type = type;
	urb->endpoint = ep;
	urb->buffer_length = packets ? packets * len : len;
	urb->buffer = p = new_buffer(urb->buffer_length);
	for (i = 0; i < urb->buffer_length; i++)
		p[i] = ep & 0x80 ? 0xee : echo_byte(i, n);
	urb->number_of_packets = packets;
	if (packets)
		urb->flags = USBDEVFS_URB_ISO_ASAP;
	for (i = 0; i < packets; i++)
		urb->iso_frame_desc[i].length = len;
	urb->usercontext = (void *)n;
	return urb;
}

static void free_urb(struct usbdevfs_urb *urb)
{
	if (mapped)
		munmap(urb->buffer, urb->buffer_length);
	else
		free(urb->buffer);
	free(urb);
}

/* --- data ------------------------------------------------------------------ */

static void mismatch(const struct usbdevfs_urb *urb, int at)
{
	if (wrong++ < 5)
		printf("data of URB %lu: wrong from byte %d on, of %d\n",
		       (unsigned long)urb->usercontext, at, urb->actual_length);
}

/*
 * Is what came from @expected? All that is said to have come must be, also
 * where an URB failed: anything else would be what memory held before.
 */
static void check_bytes(const struct usbdevfs_urb *urb,
			unsigned char (*expected)(int i, unsigned long n),
			unsigned long n)
{
	const unsigned char *p = urb->buffer;
	int i;

	for (i = 0; i < urb->actual_length; i++)
		if (p[i] != expected(i, n))
			break;
	if (i < urb->actual_length || (!urb->status && i < urb->buffer_length))
		mismatch(urb, i);
}

/* server/echo.c, echo_source(); it goes on counting where others left off. */
static unsigned char source_byte(int i, unsigned long n)
{
	return i < 4 ? n >> (8 * i) : i + (i >> 8) + n;
}

static void check_source(const struct usbdevfs_urb *urb)
{
	static unsigned long first;
	unsigned long n = (unsigned long)urb->usercontext;
	const unsigned char *p = urb->buffer;

	if (!n && urb->actual_length >= 4)
		first = p[0] | p[1] << 8 | p[2] << 16;
	check_bytes(urb, source_byte, first + n);
}

/* server/echo.c, echo_iso_in(): packet i lacks i bytes */
static void check_iso(const struct usbdevfs_urb *urb)
{
	const unsigned char *p = urb->buffer;
	int i, k;

	if (urb->status)
		return;
	for (i = 0; i < urb->number_of_packets; i++) {
		const struct usbdevfs_iso_packet_desc *desc =
			&urb->iso_frame_desc[i];
		unsigned int want = desc->length;

		if (want > (unsigned int)i)
			want -= i;
		for (k = 0; k < (int)desc->actual_length; k++)
			if (p[k] != (unsigned char)(i + k))
				break;
		if (desc->status || desc->actual_length != want ||
		    k < (int)want)
			mismatch(urb, p + k - (unsigned char *)urb->buffer);
		p += desc->length;
	}
}

static void check(const struct usbdevfs_urb *urb)
{
	if (!(urb->endpoint & 0x80))
		return;
	if (urb->type == USBDEVFS_URB_TYPE_ISO)
		check_iso(urb);
	else if (urb->endpoint == 0x82 && !looped)
		check_source(urb);
	else if (echoing || urb->endpoint == looped)
		check_bytes(urb, echo_byte, (unsigned long)urb->usercontext);
}

/* --- URBs under way --------------------------------------------------------- */

/* The next URB that has ended, within the limit. NULL: the device is gone. */
static struct usbdevfs_urb *try_reap(void)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct usbdevfs_urb *urb;
	long long left;

	while (ioctl(fd, USBDEVFS_REAPURBNDELAY, &urb)) {
		if (errno != EAGAIN)
			return NULL;
		left = deadline - now_ms();
		if (left <= 0) {
			summary();
			errx(3, "an URB did not end in time");
		}
		/* Without the device poll returns at once, always. */
		if (poll(&pfd, 1, left) > 0 && pfd.revents & POLLHUP)
			usleep(10000);
	}
	flying--;
	count_urb(urb);
	check(urb);
	return urb;
}

/* The device is gone: what became of the rest? */
static void give_up(const char *what)
{
	int error = errno;

	while (flying && try_reap())
		;
	if (flying)
		printf("never ended: %u URBs\n", flying);
	summary();
	errno = error;
	err(flying ? 3 : 1, "%s", what);
}

static void submit(struct usbdevfs_urb *urb)
{
	if (!ioctl(fd, USBDEVFS_SUBMITURB, urb)) {
		flying++;
		return;
	}
	/* Which one depends on how far the core is with taking it down. */
	if (errno == ENODEV || errno == ESHUTDOWN || errno == EHOSTUNREACH)
		give_up("submit");
	summary();
	err(2, "submit to endpoint %02x", urb->endpoint);
}

static struct usbdevfs_urb *reap(void)
{
	struct usbdevfs_urb *urb = try_reap();

	if (!urb)
		give_up("reap");
	return urb;
}

/* --- commands -------------------------------------------------------------- */

/* @count transfers, up to @depth of them under way each way. */
static void echo(int type, int out, int in, int len, unsigned int count,
		 unsigned int depth)
{
	unsigned int sent = 0, got = 0;
	struct usbdevfs_urb *urb;

	echoing = true;
	while (got < count || flying) {
		while (sent < count && sent - got < depth) {
			submit(new_urb(type, in, len, 0, sent));
			submit(new_urb(type, out, len, 0, sent));
			sent++;
		}
		urb = reap();
		if (urb->endpoint & 0x80)
			got++;
		free_urb(urb);
	}
}

/* Ends with @status, and else this fails. */
static void expect(struct usbdevfs_urb *urb, int status)
{
	if (reap() != urb || urb->status != status)
		errx(1, "URB to %02x: status %d", urb->endpoint, urb->status);
	free_urb(urb);
}

/*
 * @count commands and their answers, one at a time. Once in the middle an answer is
 * waited for that nobody asked for: the next one must still be the right one.
 */
static void talk(int out, int in, int len, unsigned int count)
{
	struct usbdevfs_urb *urb;
	unsigned int n;

	looped = in;
	for (n = 0; n < count; n++) {
		if (n == count / 2) {
			urb = new_urb(USBDEVFS_URB_TYPE_BULK, in, len, 0, n);
			submit(urb);
			usleep(100000);
			ioctl(fd, USBDEVFS_DISCARDURB, urb);
			expect(urb, -ENOENT);
		}
		urb = new_urb(USBDEVFS_URB_TYPE_BULK, out, len, 0, n);
		submit(urb);
		expect(urb, 0);
		urb = new_urb(USBDEVFS_URB_TYPE_BULK, in, len, 0, n);
		submit(urb);
		expect(urb, 0);
	}
	/* But for the one that was cancelled. */
	wrong--;
}

/* @count URBs to one endpoint, up to @depth of them under way. */
static void stream(int type, int ep, int len, int packets, unsigned int count,
		   unsigned int depth)
{
	unsigned int sent = 0, got = 0;

	while (got < count) {
		while (sent < count && sent - got < depth)
			submit(new_urb(type, ep, len, packets, sent++));
		free_urb(reap());
		got++;
	}
}

static int type_of(int ep)
{
	return (ep & 15) == 3 ? USBDEVFS_URB_TYPE_INTERRUPT :
				USBDEVFS_URB_TYPE_BULK;
}

static void submit_all(struct usbdevfs_urb **urb, int ep, int len,
		       unsigned int count)
{
	unsigned int i;

	if (count > URBS_MAX)
		errx(2, "at most %d URBs", URBS_MAX);
	for (i = 0; i < count; i++) {
		urb[i] = new_urb(type_of(ep), ep, len, 0, i);
		submit(urb[i]);
	}
}

/* Cancel what was submitted, after a while; each ends once, in time. */
static void discard(int ep, int len, unsigned int count, int wait_ms)
{
	struct usbdevfs_urb *urb[URBS_MAX];
	unsigned int i;

	submit_all(urb, ep, len, count);
	usleep(wait_ms * 1000);
	for (i = 0; i < count; i++)
		ioctl(fd, USBDEVFS_DISCARDURB, urb[i]);
	for (i = 0; i < count; i++)
		reap();
	printf("all ended\n");
}

/* Everything at once, @count times. */
static void mix(unsigned int count)
{
	struct usbdevfs_urb *waits;
	unsigned long n;

	echoing = true;
	for (n = 0; n < count; n++) {
		waits = new_urb(USBDEVFS_URB_TYPE_INTERRUPT, 0x83, 64, 0, n);
		submit(waits);
		submit(new_urb(USBDEVFS_URB_TYPE_BULK, 0x81, 700, 0, n));
		submit(new_urb(USBDEVFS_URB_TYPE_BULK, 0x82, 5000, 0, n));
		submit(new_urb(USBDEVFS_URB_TYPE_ISO, 0x84, 100, 8, n));
		submit(new_urb(USBDEVFS_URB_TYPE_ISO, 0x04, 100, 8, n));
		submit(new_urb(USBDEVFS_URB_TYPE_BULK, 0x01, 700, 0, n));
		ioctl(fd, USBDEVFS_DISCARDURB, waits);
	}
	while (flying)
		reap();
}

/* Close the file with URBs under way: that cancels them, and waits. */
static void hold(int ep, int len, unsigned int count, int wait_ms)
{
	struct usbdevfs_urb *urb[URBS_MAX];
	long long start;

	submit_all(urb, ep, len, count);
	usleep(wait_ms * 1000);
	start = now_ms();
	close(fd);
	printf("close: %lld ms\n", now_ms() - start);
}

/* A request with an answer of two bytes. */
static void get_status(unsigned int count)
{
	unsigned char status[2];
	struct usbdevfs_ctrltransfer request = {
		.bRequestType = 0x80,
		.wLength = sizeof(status),
		.timeout = 2000,
		.data = status,
	};

	while (count--)
		if (ioctl(fd, USBDEVFS_CONTROL, &request) != sizeof(status))
			err(1, "GET_STATUS");
}

/* One that gets no answer in time; it is cancelled then. */
static int late_status(unsigned int timeout_ms)
{
	unsigned char status[2];
	struct usbdevfs_ctrltransfer request = {
		.bRequestType = 0x80,
		.wLength = sizeof(status),
		.timeout = timeout_ms,
		.data = status,
	};

	if (ioctl(fd, USBDEVFS_CONTROL, &request) >= 0)
		errx(1, "GET_STATUS was answered");
	if (errno != ETIMEDOUT)
		err(1, "GET_STATUS");
	return 0;
}

static const char usage[] =
	"usage: urbs [-m] [-t MS] [-u UID] SERIAL|BUS/DEVICE COMMAND\n"
	"  bulk-echo LEN COUNT DEPTH\n"
	"  int-echo LEN COUNT DEPTH\n"
	"  loop EP-OUT EP-IN LEN COUNT DEPTH\n"
	"  talk EP-OUT EP-IN LEN COUNT\n"
	"  bulk EP LEN COUNT DEPTH\n"
	"  iso EP LEN PACKETS COUNT DEPTH\n"
	"  discard EP LEN COUNT [WAIT-MS]\n"
	"  mix COUNT\n"
	"  hold EP LEN COUNT [WAIT-MS]\n"
	"  control COUNT\n"
	"  late TIMEOUT-MS\n"
	"  reset\n";

static int run(const char *command, int argc, char **argv)
{
	long arg[5] = { 0 };
	int i;

	for (i = 0; i < argc && i < 5; i++)
		arg[i] = strtol(argv[i], NULL, 0);
	if (!strcmp(command, "bulk-echo") && argc == 3)
		echo(USBDEVFS_URB_TYPE_BULK, 0x01, 0x81, arg[0], arg[1],
		     arg[2]);
	else if (!strcmp(command, "int-echo") && argc == 3)
		echo(USBDEVFS_URB_TYPE_INTERRUPT, 0x03, 0x83, arg[0], arg[1],
		     arg[2]);
	else if (!strcmp(command, "loop") && argc == 5)
		echo(USBDEVFS_URB_TYPE_BULK, arg[0], looped = arg[1], arg[2],
		     arg[3], arg[4]);
	else if (!strcmp(command, "talk") && argc == 4)
		talk(arg[0], arg[1], arg[2], arg[3]);
	else if (!strcmp(command, "bulk") && argc == 4)
		stream(USBDEVFS_URB_TYPE_BULK, arg[0], arg[1], 0, arg[2],
		       arg[3]);
	else if (!strcmp(command, "iso") && argc == 5)
		stream(USBDEVFS_URB_TYPE_ISO, arg[0], arg[1], arg[2], arg[3],
		       arg[4]);
	else if (!strcmp(command, "discard") && argc >= 3)
		discard(arg[0], arg[1], arg[2], arg[3]);
	else if (!strcmp(command, "mix") && argc == 1)
		mix(arg[0]);
	else if (!strcmp(command, "hold") && argc >= 3)
		hold(arg[0], arg[1], arg[2], arg[3]);
	else if (!strcmp(command, "control") && argc == 1)
		get_status(arg[0]);
	else if (!strcmp(command, "late") && argc == 1)
		return late_status(arg[0]);
	else if (!strcmp(command, "reset") && !argc)
		return ioctl(fd, USBDEVFS_RESET, 0) ? 1 : 0;
	else
		errx(2, "%s", usage);
	return summary();
}

/* A process that hangs in the kernel can't tell; this one can. */
static int watch(pid_t pid, long long end)
{
	int status;

	while (now_ms() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		usleep(5000);
	}
	warnx("hangs in the kernel");
	kill(pid, SIGKILL);
	return 3;
}

int main(int argc, char **argv)
{
	long limit = 10000;
	uid_t uid = 0;
	pid_t pid;
	int c;

	while ((c = getopt(argc, argv, "+mt:u:")) != -1) {
		if (c == 'm')
			mapped = true;
		else if (c == 't')
			limit = atol(optarg);
		else if (c == 'u')
			uid = atoi(optarg);
		else
			errx(2, "%s", usage);
	}
	if (argc - optind < 2)
		errx(2, "%s", usage);
	deadline = now_ms() + limit;
	setvbuf(stdout, NULL, _IOLBF, 0);
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid)
		return watch(pid, deadline + GRACE_MS);
	open_device(argv[optind]);
	if (uid && setuid(uid))
		err(2, "uid %u", uid);
	if (uid)
		printf("pid %d\n", getpid());
	return run(argv[optind + 1], argc - optind - 2, argv + optind + 2);
}
