// Raw frames with many source or destination addresses, for what a socket cannot say: broadcasts, learning, tables.
//
//   raw DEVICE [count=N] [seconds=S] [rate=R] [size=60] [burst=64] [to=MAC[*N]] [from=MAC[*N]] [random] [udp]
//       MAC*N: N addresses counted up from MAC in its last four bytes, in turn, or (random) in no order
//       prints: sent N seconds S
//
// Frames are of a type for experiments (802 clause 9.2), which no switch merges, or (udp) UDP in IPv4, which some do.
// At a rate they go in bursts. It ends by `count` or `seconds`.
// Build: cc -O2 -o raw raw.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, LARGEST = 1514 };

struct range { uint8_t mac[6]; uint32_t first, number; };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static struct range parse(const char *text) {
    struct range r = {.number = 1};
    int n = sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx*%u", &r.mac[0], &r.mac[1], &r.mac[2], &r.mac[3], &r.mac[4], &r.mac[5], &r.number);
    if (n < 6 || !r.number) { fprintf(stderr, "%s: not MAC or MAC*N\n", text); exit(64); }
    r.first = (uint32_t)r.mac[2] << 24 | r.mac[3] << 16 | r.mac[4] << 8 | r.mac[5];
    return r;
}

static void store(uint8_t *to, const struct range *r, uint64_t index) {
    uint32_t low = htonl(r->first + (uint32_t)(index % r->number));
    memcpy(to, r->mac, 2);
    memcpy(to + 2, &low, 4);
}

static uint64_t next_random(uint64_t *state) {  // xorshift64*
    *state ^= *state >> 12, *state ^= *state << 25, *state ^= *state >> 27;
    return (*state * 2685821657736338717ull) >> 32;
}

// UDP in IPv4, discard to discard, without the optional checksum, between addresses nobody has (TEST-NET-1).
static void fill(uint8_t *f, int size) {
    f[12] = 8, f[13] = 0, f[14] = 0x45, f[22] = 64, f[23] = 17;
    f[16] = (size - 14) >> 8, f[17] = size - 14, f[20] = 0x40;
    f[26] = 192, f[28] = 2, f[29] = 1, f[30] = 192, f[32] = 2, f[33] = 2;
    f[35] = 9, f[37] = 9, f[38] = (size - 34) >> 8, f[39] = size - 34;
    uint32_t sum = 0;
    for (int i = 14; i < 34; i += 2) sum += f[i] << 8 | f[i + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    f[24] = ~sum >> 8, f[25] = ~sum;
}

int main(int words, char **word) {
    struct range to = parse("ff:ff:ff:ff:ff:ff"), from = parse("02:00:00:00:00:01");
    double count = 1e18, seconds = 60, rate = 0;
    int size = 60, burst = BATCH, shuffled = 0, udp = 0;
    for (int i = 2; i < words; i++) {
        char *value = strchr(word[i], '=');
        value = value ? value + 1 : "";
        if (!strncmp(word[i], "count=", 6)) count = atof(value);
        else if (!strncmp(word[i], "seconds=", 8)) seconds = atof(value);
        else if (!strncmp(word[i], "rate=", 5)) rate = atof(value);
        else if (!strncmp(word[i], "size=", 5)) size = atoi(value);
        else if (!strncmp(word[i], "burst=", 6)) burst = atoi(value);
        else if (!strncmp(word[i], "to=", 3)) to = parse(value);
        else if (!strncmp(word[i], "from=", 5)) from = parse(value);
        else if (!strcmp(word[i], "random")) shuffled = 1;
        else if (!strcmp(word[i], "udp")) udp = 1;
        else { fprintf(stderr, "raw: %s?\n", word[i]); return 64; }
    }
    if (words < 2 || size < 60 || size > LARGEST || burst < 1 || burst > BATCH) { fprintf(stderr, "usage: see raw.c\n"); return 64; }
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(word[1])};
    int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), buffer = 4 << 20;
    if (s < 0 || !address.sll_ifindex || bind(s, (void *)&address, sizeof address)) { perror(word[1]); return 1; }
    setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    static uint8_t frame[BATCH][LARGEST];
    static struct mmsghdr message[BATCH];
    static struct iovec vector[BATCH];
    for (int i = 0; i < BATCH; i++) {
        uint8_t *f = frame[i];
        f[12] = 0x88, f[13] = 0xb5;
        if (udp) fill(f, size);
        vector[i] = (struct iovec){f, size};
        message[i].msg_hdr = (struct msghdr){.msg_iov = &vector[i], .msg_iovlen = 1};
    }
    prctl(PR_SET_TIMERSLACK, 1);
    uint64_t sent = 0, state = 88172645463325252ull;
    double began = now(), t = began;
    while (sent < count && t < began + seconds) {
        int wanted = count - sent < burst ? (int)(count - sent) : burst;
        if (rate > 0 && (double)sent > (t - began) * rate) {
            struct timespec pause = {0, 20000};
            clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
            t = now();
            continue;
        }
        for (int i = 0; i < wanted; i++) {
            store(frame[i], &to, shuffled ? next_random(&state) : sent + i);
            store(frame[i] + 6, &from, sent + i);
        }
        int n = sendmmsg(s, message, wanted, 0);
        if (n < 0 && errno != ENOBUFS && errno != EINTR) { perror("sendmmsg"); return 1; }
        if (n > 0) sent += n;
        t = now();
    }
    printf("sent %llu seconds %.6f\n", (unsigned long long)sent, t - began);
}
