// UDP at a given rate or as fast as it goes, and a count of what arrives. iperf3 sends with one system call a
// datagram and does arithmetic on each, which at 18 bytes measures iperf3; here it is 64 a call on both sides.
//
//   udp send ADDRESS PORT SIZE SECONDS RATE     RATE datagrams a second, in bursts every 100 us; 0: unlimited
//       prints: sent N seconds S
//   udp receive ADDRESS PORT WARM SECONDS       prints `listening` when it does; ends when nothing came for 0.3 s
//       prints: received N late L window M seconds S     window: what came within SECONDS, WARM after the first
//
// Build: cc -O2 -o udp udp.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, LARGEST = 2048, BUFFER = 4 << 20 };

static struct mmsghdr message[BATCH];
static struct iovec vector[BATCH];
static char data[BATCH][LARGEST];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int fail(const char *what) {
    perror(what);
    exit(1);
}

static int open_socket(char **word, int size, int receiving) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(word[1]))};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), buffer = BUFFER;
    if (s < 0 || inet_pton(AF_INET, word[0], &address.sin_addr) != 1) fail(word[0]);
    if (setsockopt(s, SOL_SOCKET, receiving ? SO_RCVBUFFORCE : SO_SNDBUFFORCE, &buffer, sizeof buffer) < 0) fail("buffer");
    if (receiving ? bind(s, (void *)&address, sizeof address) : connect(s, (void *)&address, sizeof address)) fail(word[0]);
    for (int i = 0; i < BATCH; i++) {
        vector[i] = (struct iovec){data[i], size};
        message[i].msg_hdr = (struct msghdr){.msg_iov = &vector[i], .msg_iovlen = 1};
    }
    return s;
}

static int sender(char **word) {
    int size = atoi(word[2]), s = open_socket(word, size, 0);
    double seconds = atof(word[3]), rate = atof(word[4]);
    uint64_t sent = 0, number = 0;
    prctl(PR_SET_TIMERSLACK, 1);
    double began = now(), t = began, base = began;
    while (t < began + seconds) {
        int wanted = BATCH;
        if (rate > 0) {
            double due = (t - base) * rate - (double)number;
            if (due > rate * 0.002) base += (due - rate * 0.002) / rate;  // fell behind: no burst to catch up
            wanted = due > BATCH ? BATCH : (int)due;
            if (wanted <= 0) {
                struct timespec pause = {0, 100000};
                clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
                t = now();
                continue;
            }
        }
        for (int i = 0; i < wanted; i++) {
            uint64_t mark = number + i;
            memcpy(data[i], &mark, sizeof mark);
        }
        int n = sendmmsg(s, message, wanted, 0);
        if (n < 0) {
            if (errno != ENOBUFS && errno != ECONNREFUSED && errno != EINTR) fail("sendmmsg");
            n = 0;
        }
        sent += n, number += n, t = now();
    }
    printf("sent %llu seconds %.6f\n", (unsigned long long)sent, t - began);
    return 0;
}

static int receiver(char **word) {
    int s = open_socket(word, LARGEST, 1);
    double warm = atof(word[2]), seconds = atof(word[3]), first = 0, from = 0, to = 0;
    uint64_t count = 0, late = 0, highest = 0, at_from = 0, at_to = 0;
    struct timeval patience = {10, 0};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    puts("listening");
    fflush(stdout);
    for (;;) {
        int n = recvmmsg(s, message, BATCH, MSG_WAITFORONE, NULL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        double t = now();
        if (!first) {
            first = t;
            patience = (struct timeval){0, 300000};
            setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        }
        for (int i = 0; i < n; i++) {
            uint64_t mark;
            memcpy(&mark, data[i], sizeof mark);
            if (mark < highest) late++; else highest = mark;
        }
        count += n;
        if (!from && t >= first + warm) from = t, at_from = count;
        if (from && !to && t >= from + seconds) to = t, at_to = count;
    }
    if (!to) to = from, at_to = at_from;
    printf("received %llu late %llu window %llu seconds %.6f\n", (unsigned long long)count, (unsigned long long)late,
           (unsigned long long)(at_to - at_from), to - from);
    return 0;
}

int main(int count, char **word) {
    if (count == 7 && !strcmp(word[1], "send") && atoi(word[4]) >= 8 && atoi(word[4]) <= LARGEST) return sender(word + 2);
    if (count == 6 && !strcmp(word[1], "receive")) return receiver(word + 2);
    fprintf(stderr, "usage: udp send ADDRESS PORT SIZE SECONDS RATE | udp receive ADDRESS PORT WARM SECONDS; SIZE 8 to %d\n", LARGEST);
    return 64;
}
