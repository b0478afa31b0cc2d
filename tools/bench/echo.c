// Round trips by ICMP echo, as ping measures them, but to the nanosecond: from before the send to the kernel's time
// stamp of the answer. The other end answers in the kernel, so what is measured is the way there and back.
//
//   echo ADDRESS SECONDS INTERVAL     INTERVAL in microseconds
//       prints: answers N lost L p50 A p90 B p99 C max D     in microseconds
//
// Build: cc -O2 -o echo echo.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/icmp.h>
#include <netinet/ip.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST = 256, PAYLOAD = 56 };

static int64_t nanoseconds(struct timespec t) { return t.tv_sec * 1000000000ll + t.tv_nsec; }

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return nanoseconds(t);
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static uint16_t checksum(const void *data, size_t size) {
    uint32_t sum = 0;
    for (const uint16_t *p = data; size > 1; size -= 2) sum += *p++;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum;
}

// When the answer to `sequence` came, or 0 if it did not within the patience of the socket.
static int64_t answer(int s, uint16_t identifier, uint16_t sequence) {
    for (;;) {
        char frame[LARGEST], control[128];
        struct iovec vector = {frame, sizeof frame};
        struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t n = recvmsg(s, &message, 0);
        if (n < 0) return 0;
        size_t header = (frame[0] & 15) * 4;
        struct icmphdr icmp;
        if ((size_t)n < header + sizeof icmp) continue;
        memcpy(&icmp, frame + header, sizeof icmp);
        if (icmp.type != ICMP_ECHOREPLY || icmp.un.echo.id != identifier || icmp.un.echo.sequence != sequence) continue;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
            struct timespec t;
            if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return nanoseconds(t);
        }
        return now(CLOCK_REALTIME);
    }
}

int main(int count, char **word) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (count != 4 || inet_pton(AF_INET, word[1], &to.sin_addr) != 1) {
        fprintf(stderr, "usage: echo ADDRESS SECONDS INTERVAL-MICROSECONDS\n");
        return 64;
    }
    int64_t end = now(CLOCK_MONOTONIC) + (int64_t)(atof(word[2]) * 1e9), interval = atoll(word[3]) * 1000;
    size_t room = 1 + (size_t)(atof(word[2]) * 1e9 / interval), answers = 0, lost = 0;
    int64_t *trip = calloc(room, sizeof *trip);
    int s = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP), on = 1;
    struct icmp_filter filter = {~(1u << ICMP_ECHOREPLY)};
    struct timeval patience = {0, 500000};
    if (!trip || s < 0 || connect(s, (void *)&to, sizeof to) || setsockopt(s, SOL_RAW, ICMP_FILTER, &filter, sizeof filter)
        || setsockopt(s, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on)
        || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience)) {
        perror("echo");
        return 1;
    }
    prctl(PR_SET_TIMERSLACK, 1);
    struct { struct icmphdr icmp; char payload[PAYLOAD]; } request = {.icmp = {.type = ICMP_ECHO}};
    request.icmp.un.echo.id = getpid();
    for (int64_t next = now(CLOCK_MONOTONIC); next < end && answers < room; next += interval) {
        struct timespec wake = {next / 1000000000, next % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
        request.icmp.un.echo.sequence++, request.icmp.checksum = 0;
        request.icmp.checksum = checksum(&request, sizeof request);
        int64_t sent = now(CLOCK_REALTIME);
        int64_t came = send(s, &request, sizeof request, 0) < 0 ? 0 : answer(s, request.icmp.un.echo.id, request.icmp.un.echo.sequence);
        if (came) trip[answers++] = came - sent; else lost++;
        int64_t late = now(CLOCK_MONOTONIC);
        if (next < late - interval) next = late - interval;  // a long trip does not lead to a burst
    }
    qsort(trip, answers, sizeof *trip, compare);
    if (!answers) { fprintf(stderr, "no answer to %zu requests\n", lost); return 1; }
    printf("answers %zu lost %zu p50 %.3f p90 %.3f p99 %.3f max %.3f\n", answers, lost, trip[answers / 2] / 1e3,
           trip[answers * 9 / 10] / 1e3, trip[answers * 99 / 100] / 1e3, trip[answers - 1] / 1e3);
}
