// TAP devices: the ioctls of /dev/net/tun (linux/if_tun.h, Documentation/networking/tuntap.rst).
#ifndef TAPSWITCH_TUN_H
#define TAPSWITCH_TUN_H

#include <errno.h>
#include <fcntl.h>
// Not linux/if.h: the C library has the same structures in a header of its own.
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

// Newer than the headers of Debian 12.
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static inline int ts_tun_open(const char *_Nonnull path) {
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/// TUNGETFEATURES: the flags of TUNSETIFF that the driver knows. It takes others without a word.
static inline int ts_tun_features(int fd) {
    unsigned features = 0;
    return ioctl(fd, TUNGETFEATURES, &features) < 0 ? -errno : (int)(features & 0xffff);
}

/// TUNSETIFF as a TAP with offload header and without packet information. `name` holds less than IFNAMSIZ bytes.
/// Whether there is NAPI belongs to the attachment: the next one to the same device begins without.
static inline int ts_tun_attach(int fd, const char *_Nonnull name, int multi_queue, int napi) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multi_queue ? IFF_MULTI_QUEUE : 0) |
                                (napi ? IFF_NAPI : 0));
    return ioctl(fd, TUNSETIFF, &request) < 0 ? -errno : 0;
}

/// TUNGETIFF: the name the device bears now. -EBADFD when it is gone.
static inline int ts_tun_name(int fd, char *_Nonnull name /* IFNAMSIZ */) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (ioctl(fd, TUNGETIFF, &request) < 0) return -errno;
    memcpy(name, request.ifr_name, IFNAMSIZ);
    name[IFNAMSIZ - 1] = 0;
    return 0;
}

/// SIOCGIFHWADDR on the TAP descriptor: needs no right, unlike TUNGETDEVNETNS. `mac`: 6 bytes.
static inline int ts_tun_mac(int fd, uint8_t *_Nonnull mac) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) return -errno;
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    return 0;
}

static inline int ts_tun_set_header_size(int fd, int bytes) {
    return ioctl(fd, TUNSETVNETHDRSZ, &bytes) < 0 ? -errno : 0;
}

static inline int ts_tun_set_offload(int fd, unsigned long features) {
    return ioctl(fd, TUNSETOFFLOAD, features) < 0 ? -errno : 0;
}

static inline int ts_tun_set_persist(int fd, int on) {
    return ioctl(fd, TUNSETPERSIST, (unsigned long)on) < 0 ? -errno : 0;
}

static inline int ts_tun_set_carrier(int fd, int on) {
    return ioctl(fd, TUNSETCARRIER, &on) < 0 ? -errno : 0;
}

/// TUNGETDEVNETNS: a new descriptor (close-on-exec) of the network namespace the device is in now.
static inline int ts_tun_device_namespace(int fd) {
    int result = ioctl(fd, TUNGETDEVNETNS, 0);
    return result < 0 ? -errno : result;
}

#endif
