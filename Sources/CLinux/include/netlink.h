// rtnetlink sockets (rtnetlink(7)) and inotify: what tells about links, addresses and names.
#ifndef TAPSWITCH_NETLINK_H
#define TAPSWITCH_NETLINK_H

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>

/// A socket for requests, in the network namespace of the calling thread; replies carry the kernel's sentences.
/// Options that an old kernel lacks are left out.
static inline int ts_netlink_open(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    int one = 1;
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
    return fd;
}

/// Hears what `group` (RTNLGRP_…) is told, with room for `bytes` of messages (as much of it as is allowed).
static inline int ts_netlink_join(int fd, int group, int bytes) {
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    // A socket without an address of its own takes the kernel's word for its own echo and skips it. Bound already: fine.
    struct sockaddr_nl any = {.nl_family = AF_NETLINK};
    (void)bind(fd, (struct sockaddr *)&any, sizeof any);
    return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0 ? -errno : 0;
}

/// Hears all namespaces that have a number in the socket's own, without holding any of them. Needs CAP_NET_BROADCAST.
static inline int ts_netlink_listen_all(int fd, int on) {
    return setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on) < 0 ? -errno : 0;
}

static inline long ts_netlink_send(int fd, const void *_Nonnull bytes, unsigned long count) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    long n;
    do n = sendto(fd, bytes, count, 0, (struct sockaddr *)&kernel, sizeof kernel);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/// The length of the next datagram, 0 if it was not the kernel's (anybody may send to a netlink socket), or -errno;
/// -EMSGSIZE if it did not fit. `nsid`: the number of the namespace it tells of, -1 for the socket's own.
static inline long ts_netlink_receive(int fd, void *_Nonnull bytes, unsigned long count, int wait, int *_Nonnull nsid) {
    struct sockaddr_nl sender = {0};
    struct iovec part = {bytes, count};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int)) + 64];
    } control;
    struct msghdr message = {.msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = &control, .msg_controllen = sizeof control};
    *nsid = -1;
    long n;
    do n = recvmsg(fd, &message, wait ? 0 : MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0) return -errno;
    if (sender.nl_pid != 0) return 0;
    if (message.msg_flags & MSG_TRUNC) return -EMSGSIZE;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
        if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_LISTEN_ALL_NSID) memcpy(nsid, CMSG_DATA(c), sizeof(int));
    return n;
}

static inline int ts_inotify_create(void) {
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/// Watches which names come and go in a directory.
static inline int ts_inotify_watch_directory(int fd, const char *_Nonnull path) {
    int watch = inotify_add_watch(fd, path, IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF |
                                                IN_MOVE_SELF | IN_ONLYDIR);
    return watch < 0 ? -errno : watch;
}

static inline int ts_inotify_remove(int fd, int watch) { return inotify_rm_watch(fd, watch) < 0 ? -errno : 0; }

#endif
