// What the small programs of the system tests share: a raw socket on a device inside a namespace, and the clock.
#ifndef FRAMES_H
#define FRAMES_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *what) {
    perror(what);
    exit(1);
}

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// A raw socket for one EtherType on `device` inside the namespace at `path`; its MAC goes to `mac`.
static inline int raw_socket(const char *path, const char *device, uint16_t type, uint8_t mac[6]) {
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) < 0) fail(path);
    close(space);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(type)), size = 16 << 20, one = 1;
    if (fd < 0) fail("socket");
    struct ifreq request = {0};
    snprintf(request.ifr_name, IFNAMSIZ, "%s", device);
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) fail(device);
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(type),
                             .sll_ifindex = (int)if_nametoindex(device)};
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) fail("bind");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_PACKET, 23 /* PACKET_IGNORE_OUTGOING */, &one, sizeof one);
    setsockopt(fd, SOL_PACKET, 20 /* PACKET_QDISC_BYPASS */, &one, sizeof one);
    return fd;
}
#endif
