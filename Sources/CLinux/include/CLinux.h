// System calls as Swift needs them: static inline, each returns >= 0 or -errno, so that no code of ours can run
// between a call and the reading of errno.
#ifndef TAPSWITCH_CLINUX_H
#define TAPSWITCH_CLINUX_H

#include "io.h"
#if __has_include("tun.h")
#include "tun.h"
#endif
#if __has_include("netlink.h")
#include "netlink.h"
#endif
#if __has_include("packet.h")
#include "packet.h"
#endif
#if __has_include("sysfs.h")
#include "sysfs.h"
#endif
#if __has_include("namespace.h")
#include "namespace.h"
#endif
#if __has_include("thread.h")
#include "thread.h"
#endif

#endif
