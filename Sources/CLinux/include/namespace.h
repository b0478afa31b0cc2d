// Network namespaces (network_namespaces(7)): who one is, and opening things inside another.
#ifndef TAPSWITCH_NAMESPACE_H
#define TAPSWITCH_NAMESPACE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "netlink.h"
#include "tun.h"

static inline int ts_open_read(const char *_Nonnull path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static inline int ts_file_identity(int fd, uint64_t *_Nonnull device, uint64_t *_Nonnull inode) {
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    *device = (uint64_t)status.st_dev;
    *inode = (uint64_t)status.st_ino;
    return 0;
}

/// 1 if `path` is there, whatever it is (also a dangling symbolic link).
static inline int ts_exists(const char *_Nonnull path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

/// 1 for a network namespace, 0 for any other file (a name of `ip netns add` that is not mounted yet).
static inline int ts_is_network_namespace(int fd) {
    struct statfs status;
    if (fstatfs(fd, &status) < 0) return -errno;
    if ((uint64_t)status.f_type != NSFS_MAGIC) return 0;
    return ioctl(fd, NS_GET_NSTYPE, 0) == 0x40000000 /* CLONE_NEWNET */;
}

static inline int ts_pidfd_open(int pid) {
    long fd = syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : (int)fd;
}

/// What a short-lived thread opens inside `namespace`. Descriptors are -1 until opened.
struct ts_visit {
    int namespace_fd;
    const char *_Nullable tun_path;
    int tun;
    int netlink;
    /// -errno of what failed: setns, then the TUN device, then the socket.
    int enter_error, tun_error, netlink_error;
};

static inline void *_Nullable ts_visit_body(void *_Nonnull argument) {
    struct ts_visit *visit = argument;
    // Not through setns(3): without _GNU_SOURCE from the first header on it would not be declared.
    if (syscall(SYS_setns, visit->namespace_fd, 0x40000000 /* CLONE_NEWNET */) < 0) {
        visit->enter_error = -errno;
        return 0;
    }
    if (visit->tun_path) {
        visit->tun = ts_tun_open(visit->tun_path);
        if (visit->tun < 0) {
            visit->tun_error = visit->tun;
            visit->tun = -1;
            return 0;
        }
    }
    visit->netlink = ts_netlink_open();
    if (visit->netlink < 0) {
        visit->netlink_error = visit->netlink;
        visit->netlink = -1;
    }
    return 0;
}

/// Opens a netlink socket, and the TUN device where asked, in another namespace. The calling thread stays where it is.
static inline int ts_visit_namespace(struct ts_visit *_Nonnull visit) {
    visit->tun = visit->netlink = -1;
    visit->enter_error = visit->tun_error = visit->netlink_error = 0;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error) return -error;
    (void)pthread_attr_setstacksize(&attributes, 128 * 1024);
    // No signal may be handled by a thread that is somewhere else.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    error = pthread_create(&thread, &attributes, ts_visit_body, visit);
    pthread_sigmask(SIG_SETMASK, &before, 0);
    (void)pthread_attr_destroy(&attributes);
    if (error) return -error;
    (void)pthread_join(thread, 0);
    return 0;
}

/// Raises the soft limit of open files to the hard one; returns what holds now.
static inline long ts_raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return (long)(limit.rlim_cur > 0x7fffffff ? 0x7fffffff : limit.rlim_cur);
}

#endif
