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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink.h"
#include "sysfs.h"
#include "tun.h"

/// For a path a user wrote: a FIFO does not make us wait, a terminal does not become ours.
static inline int ts_open_read(const char *_Nonnull path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
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
    /// The TUN device to open; null for none.
    const char *_Nullable tun_path;
    /// The namespace's sysfs (ts_sysfs_mount) instead of a netlink socket.
    int for_sysfs;
    int tun;
    /// The netlink socket, or the root of the sysfs.
    int opened;
    /// -errno of what failed: setns, then the TUN device, then what is `opened`.
    int enter_error, tun_error, open_error;
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
    visit->opened = visit->for_sysfs ? ts_sysfs_mount() : ts_netlink_open();
    // Root of a user namespace without a mount namespace of its own may mount once it has one.
    if (visit->for_sysfs && visit->opened == -EPERM && syscall(SYS_unshare, 0x00020000 /* CLONE_NEWNS */) == 0) {
        visit->opened = ts_sysfs_mount();
    }
    if (visit->opened < 0) {
        visit->open_error = visit->opened;
        visit->opened = -1;
    }
    return 0;
}

/// Opens in another namespace what `visit` asks for. The calling thread stays where it is.
static inline int ts_visit_namespace(struct ts_visit *_Nonnull visit) {
    visit->tun = visit->opened = -1;
    visit->enter_error = visit->tun_error = visit->open_error = 0;
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

/// What the child of ts_visit_owned_namespace tells, with the descriptors as SCM_RIGHTS.
struct ts_visit_answer {
    int enter_error, tun_error, open_error;
};

union ts_visit_control {
    char room[CMSG_SPACE(2 * sizeof(int))];
    struct cmsghdr header;
};

/// Closes every descriptor from 3 on but these.
static inline void ts_close_all_but(int first, int second, int third) {
    unsigned from = 3;
    for (;;) {
        int next = -1;
        int kept[3] = {first, second, third};
        for (int index = 0; index < 3; index++) {
            if (kept[index] >= (int)from && (next < 0 || kept[index] < next)) next = kept[index];
        }
        if (next < 0) break;
        if ((unsigned)next > from) (void)syscall(SYS_close_range, from, (unsigned)next - 1, 0);
        from = (unsigned)next + 1;
    }
    (void)syscall(SYS_close_range, from, ~0u, 0);
}

/// In the child of a threaded process: only what is async-signal-safe (signal-safety(7)).
static inline void ts_visit_in_child(struct ts_visit *_Nonnull visit, int user_namespace, int channel) {
    // Who is in that namespace must find nothing of ours here: neither memory to look into nor other descriptors.
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ts_close_all_but(user_namespace, visit->namespace_fd, channel);
    // EINVAL: it is the one we are in.
    if (syscall(SYS_setns, user_namespace, 0x10000000 /* CLONE_NEWUSER */) < 0 && errno != EINVAL) {
        visit->enter_error = -errno;
    } else {
        (void)ts_visit_body(visit);
    }
    struct ts_visit_answer answer = {visit->enter_error, visit->tun_error, visit->open_error};
    struct iovec part = {&answer, sizeof answer};
    union ts_visit_control control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int descriptors[2], count = 0;
    if (visit->tun >= 0) descriptors[count++] = visit->tun;
    if (visit->opened >= 0) descriptors[count++] = visit->opened;
    if (count > 0) {
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        for (int index = 0; index < count; index++) ((int *)(void *)CMSG_DATA(header))[index] = descriptors[index];
    }
    _exit(sendmsg(channel, &message, MSG_NOSIGNAL) == (ssize_t)sizeof answer ? 0 : 1);
}

static inline int ts_visit_read_answer(struct ts_visit *_Nonnull visit, int channel) {
    struct ts_visit_answer answer;
    struct iovec part = {&answer, sizeof answer};
    union ts_visit_control control = {{0}};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t length;
    do {
        length = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    } while (length < 0 && errno == EINTR);
    if (length < 0) return -errno;
    int descriptors[2] = {-1, -1}, count = 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int index = 0; index < count && index < 2; index++) {
            descriptors[index] = ((int *)(void *)CMSG_DATA(header))[index];
        }
    }
    if (length != (ssize_t)sizeof answer) return -ECHILD;
    int entered = !answer.enter_error && !answer.tun_error;
    int expected = entered ? (visit->tun_path != 0) + !answer.open_error : 0;
    if (count != expected) {  // this process may have no more
        for (int index = 0; index < count && index < 2; index++) (void)close(descriptors[index]);
        return -EMFILE;
    }
    visit->enter_error = answer.enter_error;
    visit->tun_error = answer.tun_error;
    visit->open_error = answer.open_error;
    int next = 0;
    if (entered && visit->tun_path) visit->tun = descriptors[next++];
    if (entered && !answer.open_error) visit->opened = descriptors[next];
    return 0;
}

/// As ts_visit_namespace, for a namespace that belongs to another user namespace (a rootless container's): a threaded
/// process cannot enter that, a child of it can, and passes back what it opened. The owner of the user namespace has
/// every right over it from outside too (user_namespaces(7)), so that what was opened there can be used here.
static inline int ts_visit_owned_namespace(struct ts_visit *_Nonnull visit) {
    visit->tun = visit->opened = -1;
    visit->enter_error = visit->tun_error = visit->open_error = 0;
    int user_namespace = ioctl(visit->namespace_fd, NS_GET_USERNS, 0);
    if (user_namespace < 0) return -errno;
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) {
        int error = errno;
        (void)close(user_namespace);
        return -error;
    }
    // A signal's handler would find descriptors in the child that are not what they are here.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    int result = child < 0 ? -errno : 0;
    if (child == 0) ts_visit_in_child(visit, user_namespace, channel[1]);
    pthread_sigmask(SIG_SETMASK, &before, 0);
    (void)close(channel[1]);
    (void)close(user_namespace);
    if (child > 0) {
        result = ts_visit_read_answer(visit, channel[0]);
        int status;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    }
    (void)close(channel[0]);
    return result;
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
