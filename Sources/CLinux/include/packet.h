// Packet sockets (packet(7), linux/if_packet.h): whole frames of an interface that is there already, each with its
// offload header in front as a TAP has it. VLAN tags, which the kernel takes off, are put back here.
#ifndef TAPSWITCH_PACKET_H
#define TAPSWITCH_PACKET_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io.h"

// Newer than the headers of Debian 12.
#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24
#endif

/// Set in the result of ts_packet_receive where a tag was put back. Written out in PortIO, too.
#define TS_PACKET_TAGGED (1L << 62)

/// The room for frames that wait, each way, in octets: for a burst that comes in while the switch is elsewhere. The
/// kernel counts what the frames take in its memory against twice this, some 20,000 small ones or 250 of 64 KiB.
static const int ts_packet_room_wanted = 8 << 20;

/// As much of it as is allowed: with CAP_NET_ADMIN over the machine all, else what net.core.rmem_max and wmem_max say.
static inline void ts_packet_buffers(int fd) {
    int bytes = ts_packet_room_wanted;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static inline int ts_packet_configure(int fd, int index, int want_short, int *_Nonnull is_short) {
    int one = 1, size = 12;
    *is_short = want_short || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR_SZ, &size, sizeof size) < 0;
    if (*is_short && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) < 0) return -errno;
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) < 0) return -errno;
    // Since Linux 4.20. Without it the switch would take what it and this host send for frames that came in.
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) < 0) return -errno;
    ts_packet_buffers(fd);
    struct packet_mreq membership = {.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) < 0) return -errno;
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return -errno;
    // An interface that is down makes this an error at once, for the first who reads; netlink tells it better.
    int error;
    socklen_t length = sizeof error;
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return 0;
}

/// A socket through which the frames of interface `index` of the calling thread's namespace come and go: non-blocking,
/// close-on-exec, promiscuous, deaf to what this host sends there. The promiscuity ends with the socket.
/// `want_short`: the offload header of 10 octets in any case; `is_short`: it has that one, as before Linux 6.4.
/// -EPERM without CAP_NET_RAW, -ENODEV (-ENXIO) without such an interface, -ENOPROTOOPT before Linux 4.20.
static inline int ts_packet_open(int index, int want_short, int *_Nonnull is_short) {
    // Without a protocol it hears nothing before it is bound, so nothing of other interfaces comes in.
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int result = ts_packet_configure(fd, index, want_short, is_short);
    if (result < 0) {
        (void)close(fd);
        return result;
    }
    return fd;
}

/// Adds `octets` to a number of the offload header that counts from the start of the frame; it does not wrap.
static inline void ts_packet_shift(uint8_t *_Nonnull field, unsigned octets) {
    uint16_t value;
    memcpy(&value, field, sizeof value);
    value = value > UINT16_MAX - octets ? UINT16_MAX : (uint16_t)(value + octets);
    memcpy(field, &value, sizeof value);
}

/// Puts the tag that the kernel took off back behind the addresses: what is before it moves 4 octets to the front.
static inline void ts_packet_push_tag(uint8_t *_Nonnull base, uint16_t type, uint16_t control) {
    memmove(base - 4, base, 12 + 12);
    uint8_t *header = base - 4;
    uint8_t tag[4] = {(uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(control >> 8), (uint8_t)control};
    memcpy(header + 12 + 12, tag, sizeof tag);
    // struct virtio_net_hdr: hdr_len at 2, csum_start at 6, good only with VIRTIO_NET_HDR_F_NEEDS_CSUM.
    if (header[2] | header[3]) ts_packet_shift(header + 2, 4);
    if (header[0] & 1) ts_packet_shift(header + 6, 4);
}

/// Takes the next frame: an offload header of 12 octets (num_buffers is 0), then the frame, its VLAN tag put back.
/// `base`: `room` octets, at least 64, and 4 more in front of it.
/// Returns the octets of both together; with TS_PACKET_TAGGED they begin at `base - 4`. `room` where the frame did not
/// fit, 1 for a frame that the kernel dropped because its offload has no name in the header (SCTP, for instance), or
/// -errno: -EAGAIN when none waits, -ENETDOWN once when the interface goes down or away.
static inline long ts_packet_receive(int fd, void *_Nonnull base, unsigned long room, int is_short) {
    uint8_t *front = base;
    // The shorter header is read so that the frame comes to lie where it does with the longer one.
    unsigned skipped = is_short ? 2 : 0;
    if (room < 64) return -ENOBUFS;
    struct iovec part = {front + skipped, room - skipped};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    long count = ts_call(SYS_recvmsg, fd, &message, MSG_DONTWAIT);
    if (count < 0) return count == -EINVAL ? 1 : count;
    if (message.msg_flags & MSG_TRUNC) return (long)room;
    if (is_short) memmove(front, front + 2, 10);
    front[10] = front[11] = 0;
    count += skipped;

    struct tpacket_auxdata about;
    if (message.msg_controllen < CMSG_LEN(sizeof about) || control.header.cmsg_level != SOL_PACKET ||
        control.header.cmsg_type != PACKET_AUXDATA)
        return count;
    memcpy(&about, CMSG_DATA(&control.header), sizeof about);
    if (!(about.tp_status & TP_STATUS_VLAN_VALID) || count < 12 + 12) return count;
    uint16_t type = about.tp_status & TP_STATUS_VLAN_TPID_VALID ? about.tp_vlan_tpid : ETH_P_8021Q;
    ts_packet_push_tag(front, type, about.tp_vlan_tci);
    return (count + 4) | TS_PACKET_TAGGED;
}

/// Sends a frame with its offload header of 12 octets in front. From 0 up when the kernel took it, or -errno: -ENETDOWN
/// and -ENXIO while the interface is down and when it is gone, -EMSGSIZE for a frame over its mtu (a tag of 0x8100 is
/// not counted, one of 0x88a8 is, a second one is), -EAGAIN and -ENOBUFS when queues are full. With the longer header
/// ts_write does the same.
static inline long ts_packet_send(int fd, const void *_Nonnull base, unsigned long count, int is_short) {
    if (!is_short) return ts_write(fd, base, count);
    if (count < 12) return -EINVAL;
    uint8_t *front = (uint8_t *)base;
    struct iovec parts[2] = {{front, 10}, {front + 12, count - 12}};
    long sent = ts_call(SYS_writev, fd, parts, 2);
    return sent < 0 ? sent : sent + 2;
}

/// With `deaf` the socket takes nothing more, and what waits in it is gone; without it hears again.
static inline int ts_packet_set_deaf(int fd, int deaf) {
    struct sock_filter nothing = {.code = BPF_RET | BPF_K, .k = 0};
    struct sock_fprog program = {.len = 1, .filter = &nothing};
    int unused = 0;
    if (!deaf) return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) < 0 ? -errno : 0;
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) return -errno;
    // No more come in, so this ends; some more tries for errors that stand before frames.
    char octet;
    for (int failures = 0; failures < 4;)
        if (recv(fd, &octet, 1, MSG_DONTWAIT | MSG_TRUNC) < 0) failures++;
    return 0;
}

/// Frames lost because the socket's room was full, since this was last asked, or -errno.
static inline long ts_packet_drops(int fd) {
    struct tpacket_stats statistics;
    socklen_t length = sizeof statistics;
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) < 0) return -errno;
    return (long)statistics.tp_drops;
}

/// The room for frames that come in, in octets, or -errno.
static inline int ts_packet_room(int fd) {
    int bytes;
    socklen_t length = sizeof bytes;
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &length) < 0) return -errno;
    return bytes / 2;  // it tells twice what was asked for
}

/// The interface the socket is bound to; -ENODEV for ever after that was deleted or moved to another namespace.
static inline int ts_packet_index(int fd) {
    struct sockaddr_ll address = {0};
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
    return address.sll_ifindex > 0 ? address.sll_ifindex : -ENODEV;
}

#endif
