// SPDX-License-Identifier: GPL-2.0
#include "../../lib/hearthd.h"
#include "../../lib/usbids.h"
#include "../answer.h"
#include "port.h"
#include "sharing.h"
#include "usb.h"

/* What there is to say of a device besides what it is. */
static void print_state(struct out *out, const json_t *device)
{
	const char *holder = answer_text(device, "holder");
	bool shared = json_is_true(json_object_get(device, "shared"));

	out_bool(out, "shared", shared ? ", shared" : NULL, shared);
	if (json_object_get(device, "holder"))
		out_string(out, "holder", *holder ? ", %s has it" :
			   ", a client has it%s", holder);
	if (json_object_get(device, "kept"))
		out_string(out, "kept", shared ? ", but stays here: %s" : NULL,
			   answer_text(device, "kept"));
	out_text(out, "\n");
}

static void print_device(struct out *out, const json_t *device,
			 const struct usbids *ids)
{
	out_object_begin(out, NULL);
	out_string(out, "busid", "%s: ", answer_text(device, "busid"));
	port_show_device(out, ids, (uint16_t)answer_number(device, "vendor"),
			 (uint16_t)answer_number(device, "product"), "", "");
	if (json_object_get(device, "serial"))
		out_string(out, "serial", ", serial %s",
			   answer_text(device, "serial"));
	print_state(out, device);
	out_object_end(out);
}

static int run(struct run *run)
{
	const json_t *each;
	struct usbids ids;
	struct error err;
	json_t *answer;
	size_t i;

	if (verb_option(run) != -1)
		return run->code;
	if (hearthd_ask(json_pack("{s:s}", "verb", "usb-shared"), &answer, &err))
		return refused(&err);
	usbids_open(&ids);
	out_object_begin(run->out, NULL);
	out_array_begin(run->out, "rules");
	json_array_foreach(json_object_get(answer, "rules"), i, each)
		sharing_print(run->out, each);
	out_array_end(run->out);
	if (!json_array_size(json_object_get(answer, "rules")))
		out_text(run->out, "nothing is shared\n");
	out_array_begin(run->out, "devices");
	json_array_foreach(json_object_get(answer, "devices"), i, each)
		print_device(run->out, each, &ids);
	out_array_end(run->out);
	out_object_end(run->out);
	usbids_close(&ids);
	json_decref(answer);
	return EXIT_DONE;
}

const struct verb usb_shared = {
	.name = "shared",
	.what = "show what this machine shares, and who has it",
	.synopsis = "",
	.help =
	"First what was said with hearth usb share, then each USB device of this machine.\n",
	.least = 0, .most = 0, .needs = "nothing",
	.run = run,
};
