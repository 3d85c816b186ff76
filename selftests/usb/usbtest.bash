# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernel's usbtest, and the gadget that it is for. Read gadget.bash first. $node is
# the device, $what is said before the case.
times=${HEARTH_FULL:+10} times=${times:-1}

# zero_gadget SPEED: the kernel's gadget "zero", of which Debian has the function alone
zero_gadget()
{
	gadget HEARTHZERO "$1-speed"
	echo 0x0525 >"$gadget/idVendor"
	echo 0xa4a0 >"$gadget/idProduct"
	gadget_function 1 SourceSink.0 pattern=0
	gadget_up dummy_udc.0
}

# usbtest_binds SERIAL: the module takes the device's interface. It refuses new ids,
# so the devices have those of the kernel's gadget "zero".
usbtest_binds()
{
	local d
	d=$(remote_usb "$1") && wait_for 10 [ -e "/sys/bus/usb/drivers/usbtest/${d##*/}:1.0" ]
}

# run CASE COUNT LENGTH VARY SGLEN
run()
{
	local number=$1 count=$2
	shift 2
	check "$what: case $number" timeout 60 ./usbtest "$node" "$number" $((count * times)) "$@"
}

gadget_cases()
{
	run 0 1 0 0 0		# nothing
	run 1 20 1024 0 0	# bulk, one at a time
	run 2 20 1024 0 0
	run 3 20 1024 421 0	# of any length
	run 4 20 4096 1024 0	# whole packets: the gadget sends no other
	run 5 10 1024 0 16	# scatter lists
	run 6 10 1024 0 16
	run 7 10 1024 421 16
	run 8 10 4096 1024 16
	run 9 4 0 0 0		# chapter 9
	run 10 40 0 0 16	# control messages, queued, some with faults
	run 11 20 1024 0 0	# unlinks
	run 12 20 1024 0 0
	run 13 10 0 0 0		# halts
	run 14 20 1024 421 0	# control writes, read again
	run 17 20 1024 0 0	# odd addresses
	run 18 20 1024 0 0
	run 19 20 1024 0 0
	run 20 20 1024 0 0
	run 21 20 1024 421 0
	run 24 10 1024 0 16	# unlinks from queues
	run 27 2 1024 0 16	# all the bulk there is
	run 28 2 1024 0 16
	run 29 10 1024 0 0	# toggles
}
