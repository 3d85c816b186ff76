#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hearth-test: machine=usb kernels=none full=stock timeout=400
# Two nodes: what one shares the other lists and plugs in, over TLS that is the kernel's at
# both ends; who may, and what stays where it is; who has it loses it; and the plain port,
# with the stock client. U2, U3, U6, U8
. "${HEARTH_LIB:-../lib.sh}"
. ./common.bash
. ./door.bash
. ./nodes.bash

lists() { h bob usb list alice | grep -q "^$1: "; }
lists_not() { local out; out=$(h bob usb list alice) && ! grep -q "^$1: " <<<"$out"; }

# plug DEVICE: bob has it; prints the port's number
plug()
{
	local said
	said=$(h bob usb attach alice "$1") && [[ $said =~ port\ ([0-9]+): ]] && echo "${BASH_REMATCH[1]}"
}

plan 38
controllers
modprobe hearth_vhci
modprobe -a usb-storage sd_mod usbhid ext4 vhci-hcd 2>/dev/null
disk=$(wait_busid serial HEARTHBOT)
other=$(wait_busid serial HEARTHBOTHS)
keyboard=$(wait_busid product "QEMU USB Keyboard")
sum=$(seed_local "$disk")
wait_for 20 local_disk "$other"
mkfs.ext4 -q "$(local_disk "$other")"
mount "$(local_disk "$other")" /mnt
node alice 4820 --usbip 127.0.0.1
node bob 4821
h alice peer add --id "$(id_of bob)" --name bob --as self 127.0.0.1:4821 >/dev/null
h bob peer add --id "$(id_of alice)" --name alice 127.0.0.1:4820 >/dev/null
check "the nodes are linked" wait_for 30 eval 'h bob peer show alice | grep -q linked'

# --- who may have what
check "nothing is shared" says_so 0 "nothing is shared there" h bob usb list alice
check "and nothing to be had" says_so 2 "shares no such device" h bob usb attach alice "$disk"
check "a disk is shared" says_so 0 "$disk: for the owner's own machines" h alice usb share "$disk"
check "it is listed" lists "$disk"
check "one by what it is" says_so 0 "46f4:0001: for the owner's own machines" h alice usb share 46f4:0001
check "but not what is mounted here" lists_not "$other"
check "which is said" says_so 0 "its disk" h alice usb shared
check "and is in use for who asks" says_so 2 "in use" h bob usb attach alice "$other"
check "no text may be a rule" says_so 2 "names no USB devices" h alice usb share every
check "a keyboard stays" eval 'h alice usb share "$keyboard" >/dev/null && lists_not "$keyboard"'
check "unless one insists" eval 'h alice usb share "$keyboard" --force >/dev/null && lists "$keyboard"'
check "by its bus id" says_so 2 "by its bus id alone" h alice usb share 0627:0001 --force
h alice usb unshare "$keyboard" >/dev/null
check "to what is another's" says_so 2 "no peer carol" h alice usb share "$disk" --peer carol
h alice peer add --id "$(id_of bob)" --name bob --as friend 127.0.0.1:4821 >/dev/null
check "a friend gets nothing of that" lists_not "$disk"
h alice usb share "$disk" --peer bob >/dev/null
check "but what is granted to him" lists "$disk"

# --- plugged in
check "a bare name is a peer" says_so 2 "--plain elsewhere" h bob usb list elsewhere
modprobe -r tls 2>/dev/null
echo /bin/false >/proc/sys/kernel/modprobe
check "without TLS in the kernel it says what to load" says_so 2 "modprobe tls" h bob usb attach alice "$disk"
echo /sbin/modprobe >/proc/sys/kernel/modprobe
modprobe tls
port=$(plug "$disk")
dev=$(wait_disk)
check "the disk is there, with its bytes" [ "$(sum_of "$dev")" = "$sum" ]
check "by TLS" eval 'hearth usb ports | grep -q ", TLS"'
check "who has it is told" says_so 0 "bob has it" h alice usb shared
check "a second time it is in use" says_so 2 "in use" h bob usb attach alice "$disk"
seed_disk "$dev"
sum=$(sum_of "$dev")
timeout 20 hearth usb detach "$port" >/dev/null
check "what was written is there" eval 'wait_for 20 local_disk "$disk" && [ "$(sum_of "$(local_disk "$disk")")" = "$sum" ]'

# --- hearthd comes and goes, the session stays
port=$(plug "$disk")
dev=$(wait_disk)
killed=$(hearthd_of alice)
kill -9 "$killed"
check "hearthd is killed: the disk is still there" [ "$(sum_of "$dev")" = "$sum" ]
check "started again it knows what is shared" wait_for 30 says_so 0 "$disk: for bob" h alice usb shared
restarted=$(hearthd_of alice)
check "it is another one" [ "$killed" -a "$restarted" -a "$restarted" != "$killed" ]
check "and knows who has it" says_so 0 "bob has it" h alice usb shared
timeout 20 hearth usb detach "$port" >/dev/null
wait_for 20 no_exporter

# --- at boot, and again
become bob env PEER=alice DEVICE="$disk" hearth-attach >/tmp/work/unit 2>&1 &
unit=$!
check "what hearth-attach@ runs takes a peer's" wait_for 30 remote_disk
kill $unit
wait $unit
diag "$(cat /tmp/work/unit)"
check "and gives it back" wait_for 20 no_exporter

# --- taken away
plug "$disk" >/dev/null
wait_disk >/dev/null
kill -9 "$(hearthd_of alice)"
wait_for 30 says_so 0 "bob has it" h alice usb shared
check "released by the node, it leaves" eval 'h alice usb release "$disk" && wait_for 20 no_ports'
wait_for 20 no_exporter
plug "$disk" >/dev/null
wait_disk >/dev/null
h alice usb unshare 46f4:0001 >/dev/null
check "not shared any more, it leaves" eval 'h alice usb unshare "$disk" && wait_for 20 no_ports'
wait_for 20 no_exporter
h alice usb share "$disk" --peer bob >/dev/null
plug "$disk" >/dev/null
wait_disk >/dev/null
check "with a peer that is removed it leaves" eval 'h alice peer remove bob && wait_for 20 no_ports'
check "and is for nobody" says_so 0 "nobody any more" h alice usb shared

# --- the plain port
check "at the plain port is nothing" says_so 0 "nothing is shared there" hearth usb list --plain 127.0.0.1
h alice usb share "$disk" --plain >/dev/null
check "but what is meant for it" eval 'hearth usb list --plain 127.0.0.1 | grep -q "^$disk: "'
wait_for 20 local_disk "$disk"
check "the stock client has it" wait_for 20 usbip attach -r 127.0.0.1 -b "$disk"
check "with the same bytes" [ "$(sum_of "$(wait_disk)")" = "$sum" ]
for port in $(usbip port 2>/dev/null | sed -n 's/^Port \([0-9]*\):.*/\1/p'); do usbip detach -p "$port" >/dev/null 2>&1; done
wait_for 20 no_exporter
umount /mnt
ended alice
ended bob
diag "$(cat /tmp/work/alice.log /tmp/work/bob.log /tmp/work/*.door)"
check "nothing was found by the sanitizers" eval '! cat /tmp/work/*.log /tmp/work/*.door | grep -E "Sanitizer|runtime error"'
kill "${holder[@]}"
modprobe -r vhci-hcd
finish
