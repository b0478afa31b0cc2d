// Two hosts in exchange: the first sends RATE numbered frames a second, the second sends each back. Prints what was
// lost, doubled or out of order, and the percentiles of the round trip in microseconds.
//
//   pair NAMESPACE-A DEVICE-A NAMESPACE-B DEVICE-B RATE SECONDS
#include "frames.h"
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

struct message {
    uint8_t to[6], from[6];
    uint16_t type;
    uint32_t number;
    uint64_t sent_ns;
    uint8_t rest[40];
} __attribute__((packed));

static void answer(int fd) {
    struct message m;
    for (;;) {
        ssize_t length = recv(fd, &m, sizeof m, 0);
        if (length < (ssize_t)sizeof m) continue;
        uint8_t mine[6];
        memcpy(mine, m.to, 6), memcpy(m.to, m.from, 6), memcpy(m.from, mine, 6);
        if (send(fd, &m, sizeof m, 0) < 0 && errno != ENOBUFS) fail("send");
    }
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(int count, char **word) {
    if (count < 7) return 64;
    uint32_t rate = (uint32_t)atoi(word[5]), total = rate * (uint32_t)atoi(word[6]);
    uint8_t mac_a[6], mac_b[6];
    int home = open("/proc/self/ns/net", O_RDONLY);
    int b = raw_socket(word[3], word[4], 0x88b6, mac_b);
    if (setns(home, CLONE_NEWNET) < 0) fail("setns");
    int a = raw_socket(word[1], word[2], 0x88b6, mac_a);
    pid_t other = fork();
    if (other == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        answer(b);
    }
    struct message hello = {.type = htons(0x88b6)};  // both addresses are known before the clock starts
    memset(hello.to, 0xff, 6), memcpy(hello.from, mac_a, 6), hello.number = UINT32_MAX;
    if (send(a, &hello, sizeof hello, 0) < 0) fail("send");
    usleep(100000);
    uint32_t *took = calloc(total, sizeof *took), sent = 0, received = 0, doubled = 0, disordered = 0, last = 0;
    uint64_t start = now_ns(), period = 1000000000u / rate, end = start + (uint64_t)total * period + 1500000000u;
    struct message m = {.type = htons(0x88b6)};
    memcpy(m.to, mac_b, 6), memcpy(m.from, mac_a, 6);
    while (received < total) {
        uint64_t now = now_ns();
        if (now > end) break;
        while (sent < total && start + sent * period <= now) {
            m.number = sent, m.sent_ns = now_ns();
            if (send(a, &m, sizeof m, 0) < 0 && errno != ENOBUFS) fail("send");
            sent++;
        }
        struct message reply;
        while (recv(a, &reply, sizeof reply, MSG_DONTWAIT) == sizeof reply) {
            if (reply.number >= total || memcmp(reply.to, mac_a, 6)) continue;
            uint64_t micros = (now_ns() - reply.sent_ns) / 1000;
            if (took[reply.number]) doubled++;
            else received++;
            took[reply.number] = micros ? (uint32_t)micros : 1;
            if (reply.number < last) disordered++;
            last = reply.number;
        }
        now = now_ns();
        uint64_t next = sent < total ? start + sent * period : now + 10000000u;
        if (next > now) {
            struct timespec patience = {0, (long)((next - now) % 1000000000u)};
            struct pollfd ready = {a, POLLIN, 0};
            ppoll(&ready, 1, &patience, NULL);
        }
    }
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    qsort(took, total, sizeof *took, by_size);
    uint32_t *all = took + (total - received);
    printf("{\"sent\": %u, \"received\": %u, \"doubled\": %u, \"disordered\": %u, \"p50_us\": %u, \"p99_us\": %u, "
           "\"max_us\": %u}\n", sent, received, doubled, disordered, received ? all[received / 2] : 0,
           received ? all[(uint64_t)received * 99 / 100] : 0, received ? all[received - 1] : 0);
}
