// What the kernel takes for the write of a small frame to a TAP, as a measure for what a switch may take besides.
//
//   tapwrite SECONDS      makes a TAP in the namespace it runs in, which goes with it
//       prints: write N nanoseconds N     the median of rounds of 1000
//
// Build: cc -O2 -o tapwrite tapwrite.c
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 12, SIZE = 60, ROUND = 1000, MOST = 100000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int count, char **word) {
    struct ifreq request = {.ifr_name = "tapwrite%d", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), s = socket(AF_INET, SOCK_DGRAM, 0), size = HEADER;
    if (count != 2 || fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &size) < 0) { perror("tapwrite"); return 1; }
    request.ifr_flags = IFF_UP;
    if (ioctl(s, SIOCSIFFLAGS, &request) < 0) { perror("up"); return 1; }
    uint8_t frame[HEADER + SIZE] = {0};
    frame[HEADER] = 2, frame[HEADER + 6] = 2, frame[HEADER + 11] = 1, frame[HEADER + 12] = 0x88, frame[HEADER + 13] = 0xb5;
    static double took[MOST];
    int rounds = 0;
    for (double end = now() + atof(word[1]); now() < end && rounds < MOST; rounds++) {
        double began = now();
        for (int i = 0; i < ROUND; i++)
            if (write(fd, frame, sizeof frame) != sizeof frame) { perror("write"); return 1; }
        took[rounds] = now() - began;
    }
    qsort(took, rounds, sizeof *took, compare);
    printf("write %d nanoseconds %.1f\n", rounds * ROUND, took[rounds / 2] / ROUND * 1e9);
}
