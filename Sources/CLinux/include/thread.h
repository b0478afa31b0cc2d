// Names of threads.
#ifndef TAPSWITCH_THREAD_H
#define TAPSWITCH_THREAD_H

#include <errno.h>
#include <sys/prctl.h>

/// Names the calling thread; cut to 15 bytes.
static inline int ts_name_thread(const char *_Nonnull name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0) < 0 ? -errno : 0;
}

#endif
