// Reading, writing, waiting and telling the time.
#ifndef TAPSWITCH_IO_H
#define TAPSWITCH_IO_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// A system call of three arguments; its result or -errno, as the kernel gives it. The C library's read and write are
/// cancellation points: some 60 instructions each, which for small frames shows.
static inline long ts_call(long number, long first, const void *_Nonnull second, unsigned long third) {
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = (long)second;
    register long x2 __asm__("x2") = (long)third;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory", "cc");
    return x0;
#else
    long result = syscall(number, first, second, third);
    return result < 0 ? -errno : result;
#endif
}

static inline long ts_read(int fd, void *_Nonnull buffer, unsigned long count) {
    return ts_call(SYS_read, fd, buffer, count);
}

static inline long ts_write(int fd, const void *_Nonnull buffer, unsigned long count) {
    return ts_call(SYS_write, fd, buffer, count);
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
