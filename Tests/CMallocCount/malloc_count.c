// The C library's allocator with a counter in front. What is defined here is found before libc by every library of
// the program.

#define _GNU_SOURCE  // RTLD_DEFAULT
#include "CMallocCount.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)
#define COUNTS 1
#else
#define COUNTS 0
#endif

struct counts {
    _Atomic uint64_t allocations;
    _Atomic uint64_t frees;
};

// initial-exec: the first access of a thread must not itself call malloc.
static _Thread_local struct counts own __attribute__((tls_model("initial-exec")));
static _Atomic uint64_t process;

int mc_works(void) { return COUNTS; }

uintptr_t mc_this_thread(void) { return (uintptr_t)&own; }

uint64_t mc_allocations(uintptr_t thread) {
    return atomic_load_explicit(&((struct counts *)thread)->allocations, memory_order_relaxed);
}

uint64_t mc_frees(uintptr_t thread) {
    return atomic_load_explicit(&((struct counts *)thread)->frees, memory_order_relaxed);
}

uint64_t mc_process_allocations(void) { return atomic_load_explicit(&process, memory_order_relaxed); }

static const char *const hook_names[] = {"_swift_willThrow", "_swift_willThrowTypedImpl"};
static void *saved_hooks[2];

void mc_suspend_throw_hooks(void) {
    for (int i = 0; i < 2; i++) {
        void *_Atomic *hook = dlsym(RTLD_DEFAULT, hook_names[i]);
        if (hook != NULL) saved_hooks[i] = atomic_exchange(hook, NULL);
    }
}

void mc_restore_throw_hooks(void) {
    for (int i = 0; i < 2; i++) {
        void *_Atomic *hook = dlsym(RTLD_DEFAULT, hook_names[i]);
        if (hook != NULL) atomic_store(hook, saved_hooks[i]);
    }
}

#if COUNTS

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static inline void bump(_Atomic uint64_t *count) {
    // Only its own thread writes it.
    uint64_t old = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, old + 1, memory_order_relaxed);
}

static inline void allocated(void) {
    bump(&own.allocations);
    atomic_fetch_add_explicit(&process, 1, memory_order_relaxed);
}

void *malloc(size_t size) {
    allocated();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    allocated();
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    allocated();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    allocated();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    allocated();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    allocated();
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

void free(void *memory) {
    if (memory != NULL) bump(&own.frees);
    __libc_free(memory);
}

#endif
