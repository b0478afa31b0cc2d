// Names of threads, and the cores they may run on.
#ifndef TAPSWITCH_THREAD_H
#define TAPSWITCH_THREAD_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Names the calling thread; cut to 15 bytes.
static inline int ts_name_thread(const char *_Nonnull name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0) < 0 ? -errno : 0;
}

/// How many cores the process may run on, 8,192 at the most; 0 where the kernel does not say.
static inline int ts_available_processors(void) {
    unsigned long mask[128] = {0};
    long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long word = 0; word < size / (long)sizeof mask[0]; word++) count += __builtin_popcountl(mask[word]);
    return count;
}

#endif
