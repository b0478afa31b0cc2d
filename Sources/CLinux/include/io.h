// Reading, writing, waiting and telling the time.
#ifndef TAPSWITCH_IO_H
#define TAPSWITCH_IO_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static inline long ts_read(int fd, void *_Nonnull buffer, unsigned long count) {
    long n = read(fd, buffer, count);
    return n < 0 ? -errno : n;
}

static inline long ts_write(int fd, const void *_Nonnull buffer, unsigned long count) {
    long n = write(fd, buffer, count);
    return n < 0 ? -errno : n;
}

static inline int ts_close(int fd) { return close(fd) < 0 ? -errno : 0; }

static inline int ts_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/// `operation` is EPOLL_CTL_ADD, MOD or DEL.
static inline int ts_epoll_control(int poller, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(poller, operation, fd, &event) < 0 ? -errno : 0;
}

/// How many events were stored, 0 after the time-out (-1: none), or -errno.
static inline int ts_epoll_wait(int poller, struct epoll_event *_Nonnull events, int capacity, int milliseconds) {
    int n = epoll_wait(poller, events, capacity, milliseconds);
    return n < 0 ? -errno : n;
}

/// epoll_event is packed on x86-64, which Swift's importer does not model for every field: read it here.
static inline uint64_t ts_event_token(const struct epoll_event *_Nonnull event) { return event->data.u64; }
static inline uint32_t ts_event_mask(const struct epoll_event *_Nonnull event) { return event->events; }

static inline int ts_eventfd(void) {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/// Nanoseconds of `clock` (CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME); both exist always, so no error.
static inline uint64_t ts_clock(int clock) {
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

#endif
