// sysfs of one network namespace (sysfs(5)). A sysfs shows the interfaces of the namespace of whoever mounted it, and
// what is mounted at /sys may be that of another one: so it is mounted anew, without a place in the file tree.
#ifndef TAPSWITCH_SYSFS_H
#define TAPSWITCH_SYSFS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The root of a sysfs that shows the calling thread's network namespace, for openat(2); gone with its last descriptor.
/// It does not keep the namespace alive. Since Linux 5.2 (-ENOSYS before). Needs CAP_SYS_ADMIN over the namespace and
/// over the thread's mounts.
static inline int ts_sysfs_mount(void) {
    int context = (int)syscall(SYS_fsopen, "sysfs", 1 /* FSOPEN_CLOEXEC */);
    if (context < 0) return -errno;
    int root = (int)syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, 0, 0, 0);
    if (root == 0) {
        unsigned attributes = 2 | 4 | 8; /* MOUNT_ATTR_NOSUID, NODEV, NOEXEC */
        root = (int)syscall(SYS_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, attributes);
    }
    int error = root < 0 ? errno : 0;
    (void)close(context);
    return error ? -error : root;
}

/// openat(2) with O_CLOEXEC; `directory` may be AT_FDCWD.
static inline int ts_open_at(int directory, const char *_Nonnull path, int flags) {
    int fd = openat(directory, path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

#endif
