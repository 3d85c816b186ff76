// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcp.h"

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static void at_once(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void tcp_connect(int fd, uint16_t port)
{
	struct sockaddr_in addr = loopback(port);

	if (connect(fd, (void *)&addr, sizeof(addr)))
		err(1, "connect");
}

int tcp_dial(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	tcp_connect(fd, port);
	at_once(fd);
	return fd;
}

int tcp_listener(void)
{
	struct sockaddr_in addr = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (void *)&addr, sizeof(addr)) || listen(fd, 1))
		err(1, "listen");
	return fd;
}

int tcp_pair(int *other)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int listener = tcp_listener(), fd;

	if (getsockname(listener, (void *)&addr, &len))
		err(1, "listen");
	fd = tcp_dial(ntohs(addr.sin_port));
	*other = accept(listener, NULL, NULL);
	if (*other < 0)
		err(1, "accept");
	at_once(*other);
	close(listener);
	return fd;
}
