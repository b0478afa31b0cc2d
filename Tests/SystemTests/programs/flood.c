// Sends broadcast frames as fast as it can for some seconds; prints how many it offered and how many the kernel took.
//
//   flood NAMESPACE DEVICE SECONDS [LENGTH]
#include "frames.h"

enum { BATCH = 64 };

int main(int count, char **word) {
    if (count < 4) return 64;
    uint8_t mac[6], frame[65536] = {0};
    int fd = raw_socket(word[1], word[2], 0x88b5, mac), length = count > 4 ? atoi(word[4]) : 60;
    memset(frame, 0xff, 6);
    memcpy(frame + 6, mac, 6);
    frame[12] = 0x88, frame[13] = 0xb5;
    struct iovec piece = {frame, (size_t)length};
    struct mmsghdr batch[BATCH] = {0};
    for (int i = 0; i < BATCH; i++) batch[i].msg_hdr.msg_iov = &piece, batch[i].msg_hdr.msg_iovlen = 1;
    uint64_t offered = 0, sent = 0, end = now_ns() + (uint64_t)atoi(word[3]) * 1000000000u;
    while (now_ns() < end) {
        int done = sendmmsg(fd, batch, BATCH, 0);
        offered += done > 0 ? (uint64_t)done : 1;
        if (done > 0) sent += (uint64_t)done;
        else if (errno != ENOBUFS && errno != EAGAIN) fail("sendmmsg");
    }
    printf("{\"offered\": %llu, \"sent\": %llu}\n", (unsigned long long)offered, (unsigned long long)sent);
}
