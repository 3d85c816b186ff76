# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the tests of ports on kTLS. Read common.bash and liar.bash first.

relay_pid=''

# Both where the kernel's TLS is the one that users have; either shows the port's.
case $HEARTH_KERNEL in
6.* | 7.*) ciphers="aes-128-gcm chacha20-poly1305" ;;
*) ciphers=aes-128-gcm ;;
esac
# shellcheck disable=SC2086  # words
n_ciphers=$(set -- $ciphers; echo $#)

# relay ARG...: start tlsrelay in the background; $id is the port, if any
relay()
{
	exec 9>&-
	rm -f /tmp/work/commands
	mkfifo /tmp/work/commands
	# for reading too, so that neither side waits for the other to open it
	exec 9<>/tmp/work/commands
	: >/tmp/work/relay
	./tlsrelay "$@" </tmp/work/commands >/tmp/work/relay 2>&1 9>&- &
	relay_pid=$!
	wait_for 10 grep -q . /tmp/work/relay
	id=$(sed -n 's/^port //p' /tmp/work/relay)
}

# echo_port CIPHER: a port with the echo device of our own server
echo_port()
{
	wait_for 10 gone		# that of the port before
	serve_liar --kind echo
	relay "$1" 3240 1-1
	wait_for 10 device_is_there
}

tell() { echo "$1" >&9; }
relay_over() { ! lives "$relay_pid"; }

# Has the port let go of the connection, and was all that it ever sent TLS?
all_tls()
{
	local rc=0
	wait_for 10 relay_over || { echo "the connection is still open"; rc=1; }
	relay_over || { tell quit; wait_for 5 relay_over; }
	cat /tmp/work/relay
	grep -q "^wire: [1-9][0-9]* records, 0 bytes in the clear$" /tmp/work/relay || rc=1
	return $rc
}

# watch_ports: from now on, note what ports end with
watch_ports() { monitor /tmp/work/monitor; }

# ended_by_tls PORT: has it ended, with reason tls? Every line of such a port says
# ", TLS", so the sentence has to be told from that.
ended_by_tls() { grep -q "^[-0-9]* [0-9:.]* port $1: detaching, .*, TLS: TLS: an alert" /tmp/work/monitor; }
