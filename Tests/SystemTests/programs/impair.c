// A bad line between two devices of one namespace: passes frames both ways, whole, with tag and offload header, while
// it loses some and holds some back until up to eight later ones of their way have passed (2 ms at most). What befalls
// the n-th frame of a way depends on the seed alone. Says "ready", works until its input ends, prints its counts.
//
//   impair NAMESPACE DEVICE-A DEVICE-B SEED LOSS REORDER     (LOSS and REORDER: frames in a thousand)
//
// Resolution of addresses and TCP's SYN always pass: they are tried again after a second, which is only slow.
#include "frames.h"
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/uio.h>

enum { PLACES = 8, MOST_HELD = 16, BATCH = 64, MOST_TRIES = 2000 };
static const uint64_t PATIENCE_NS = 2000000;

struct frame {
    struct virtio_net_hdr offload;
    uint8_t addresses[12], tag[4], rest[1 << 17];  // from the type on: `rest`
    size_t length;                                 // of `rest`
    bool tagged;
};

struct held {
    struct frame *frame;
    unsigned places;
    uint64_t due_ns;
};

struct way {
    int from, to;
    uint64_t random;
    unsigned loss, reorder;
    struct frame *next;
    struct held held[MOST_HELD];
    unsigned waiting;
    uint64_t spared, passed, lost, delayed, whole, tagged, refused;
};

static int line_socket(const char *device) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), size = 64 << 20, one = 1;  // deaf until it is bound
    if (fd < 0) fail("socket");
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) < 0) fail("PACKET_IGNORE_OUTGOING");
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) < 0) fail("PACKET_AUXDATA");
    if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) < 0) fail("PACKET_VNET_HDR");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0) fail("SO_RCVBUFFORCE");
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0) fail("SO_SNDBUFFORCE");
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
                             .sll_ifindex = (int)if_nametoindex(device)};
    if (at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) fail(device);
    struct packet_mreq all = {.mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0) fail("PACKET_MR_PROMISC");
    return fd;
}

// The next frame of the way into `next`; the tag, which the kernel takes out, is put back and the header told so.
static bool receive(struct way *way) {
    struct frame *f = way->next;
    struct iovec pieces[] = {{&f->offload, sizeof f->offload}, {f->addresses, 12}, {f->rest, sizeof f->rest}};
    union {
        struct cmsghdr align;
        char bytes[256];
    } control;
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 3, .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t length = recvmsg(way->from, &message, MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0) {
        if (errno != EAGAIN && errno != EINTR) fail("recvmsg");
        return false;
    }
    size_t front = sizeof f->offload + sizeof f->addresses;
    if ((size_t)length < front + 2 || (size_t)length > front + sizeof f->rest) {
        fprintf(stderr, "a frame of %zd bytes with its offload header\n", length);
        exit(1);
    }
    f->length = (size_t)length - front;
    f->tagged = false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
        struct tpacket_auxdata about;
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
        memcpy(&about, CMSG_DATA(c), sizeof about);
        if (!(about.tp_status & TP_STATUS_VLAN_VALID)) continue;
        uint16_t tpid = htons(about.tp_status & TP_STATUS_VLAN_TPID_VALID ? about.tp_vlan_tpid : ETHERTYPE_VLAN);
        uint16_t tci = htons(about.tp_vlan_tci);
        memcpy(f->tag, &tpid, 2), memcpy(f->tag + 2, &tci, 2);
        f->tagged = true;
        if (f->offload.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) f->offload.csum_start += 4;
        if (f->offload.hdr_len) f->offload.hdr_len += 4;
    }
    return true;
}

static void pass(struct way *way, struct frame *f) {
    struct iovec pieces[] = {{&f->offload, sizeof f->offload}, {f->addresses, 12}, {f->tag, f->tagged ? 4 : 0},
                             {f->rest, f->length}};
    for (int tries = 0; writev(way->to, pieces, 4) < 0; tries++) {
        if (errno != ENOBUFS && errno != EAGAIN) fail("writev");
        if (tries == MOST_TRIES) {  // the queue of the device stays full
            way->refused++;
            return;
        }
        usleep(100);
    }
    way->passed++;
    way->whole += f->offload.gso_type != VIRTIO_NET_HDR_GSO_NONE;
    way->tagged += f->tagged;
}

static bool spared(const struct frame *f) {
    const uint8_t *ip = f->rest + 2;
    switch (f->rest[0] << 8 | f->rest[1]) {
    case ETHERTYPE_ARP: return true;
    case ETHERTYPE_IP: return ip[9] == IPPROTO_TCP && ip[(ip[0] & 15) * 4 + 13] & 2;
    case ETHERTYPE_IPV6: return ip[6] == IPPROTO_ICMPV6 || (ip[6] == IPPROTO_TCP && ip[40 + 13] & 2);
    default: return false;
    }
}

static uint64_t draw(uint64_t *state) {  // splitmix64
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

// Passes the held frames that are overdue; with `overtaken`, all of them have been passed by one more.
static void release(struct way *way, uint64_t now, bool overtaken) {
    unsigned kept = 0;
    for (unsigned i = 0; i < way->waiting; i++) {
        struct held one = way->held[i];
        if (overtaken) one.places--;
        if (one.places == 0 || one.due_ns <= now) {
            pass(way, one.frame);
            free(one.frame);
        } else {
            way->held[kept++] = one;
        }
    }
    way->waiting = kept;
}

static struct frame *room(void) {
    struct frame *made = calloc(1, sizeof *made);
    if (made == NULL) fail("calloc");
    return made;
}

static void carry(struct way *way) {
    if (spared(way->next)) {
        way->spared++;
    } else {
        uint64_t dice = draw(&way->random);
        if ((uint32_t)dice % 1000 < way->loss) {
            way->lost++;
            return;
        }
        if ((dice >> 32) % 1000 < way->reorder && way->waiting < MOST_HELD) {
            unsigned places = 1 + (unsigned)(draw(&way->random) % PLACES);
            way->held[way->waiting++] = (struct held){way->next, places, now_ns() + PATIENCE_NS};
            way->next = room();
            way->delayed++;
            return;
        }
    }
    pass(way, way->next);
    release(way, 0, true);
}

static void report(struct way *way, const char *end) {
    struct tpacket_stats kernel = {0};
    socklen_t size = sizeof kernel;
    if (getsockopt(way->from, SOL_PACKET, PACKET_STATISTICS, &kernel, &size) < 0) fail("PACKET_STATISTICS");
    printf("{\"spared\": %llu, \"passed\": %llu, \"lost\": %llu, \"delayed\": %llu, \"whole\": %llu, \"tagged\": %llu, "
           "\"refused\": %llu, \"overrun\": %u}%s",
           (unsigned long long)way->spared, (unsigned long long)way->passed, (unsigned long long)way->lost,
           (unsigned long long)way->delayed, (unsigned long long)way->whole, (unsigned long long)way->tagged,
           (unsigned long long)way->refused, kernel.tp_drops, end);
}

int main(int count, char **word) {
    if (count < 7) return 64;
    int space = open(word[1], O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) < 0) fail(word[1]);
    int a = line_socket(word[2]), b = line_socket(word[3]);
    uint64_t seed = strtoull(word[4], NULL, 10);
    unsigned loss = (unsigned)atoi(word[5]), reorder = (unsigned)atoi(word[6]);
    struct way ways[2] = {{.from = a, .to = b, .random = seed, .loss = loss, .reorder = reorder, .next = room()},
                          {.from = b, .to = a, .random = ~seed, .loss = loss, .reorder = reorder, .next = room()}};
    printf("ready\n");
    fflush(stdout);
    struct pollfd ready[3] = {{0, POLLIN, 0}, {a, POLLIN, 0}, {b, POLLIN, 0}};
    for (;;) {
        uint64_t due = UINT64_MAX, now = now_ns();
        for (int w = 0; w < 2; w++)
            for (unsigned i = 0; i < ways[w].waiting; i++)
                if (ways[w].held[i].due_ns < due) due = ways[w].held[i].due_ns;
        struct timespec patience = {0, due > now ? (long)((due - now) % 1000000000u) : 0};
        if (ppoll(ready, 3, due == UINT64_MAX ? NULL : &patience, NULL) < 0 && errno != EINTR) fail("ppoll");
        if (ready[0].revents) break;
        for (int w = 0; w < 2; w++) {
            for (int i = 0; i < BATCH && receive(&ways[w]); i++) carry(&ways[w]);
            release(&ways[w], now_ns(), false);
        }
    }
    for (int w = 0; w < 2; w++) release(&ways[w], UINT64_MAX, false);
    printf("["), report(&ways[0], ", "), report(&ways[1], "]\n");
}
