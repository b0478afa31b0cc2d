// Counts calls of the allocator, so that a test can show that a thread makes none. Linked into a test program it
// takes the place of malloc and its kin, counts, and goes on to the C library's own.
#ifndef TAPSWITCH_MALLOC_COUNT_H
#define TAPSWITCH_MALLOC_COUNT_H

#include <stdint.h>

/// Whether anything is counted: not with a C library other than glibc, nor under a sanitizer, which brings its own
/// allocator.
int mc_works(void);

/// The counts of the calling thread, for any thread to read as long as the calling one lives.
uintptr_t mc_this_thread(void);

/// Calls of malloc, calloc, realloc and the aligned kinds that the thread has made.
uint64_t mc_allocations(uintptr_t thread);

/// Calls of free that the thread has made, those with a null pointer left out.
uint64_t mc_frees(uintptr_t thread);

/// Allocations of all threads together.
uint64_t mc_process_allocations(void);

/// Puts the runtime's hooks for thrown errors aside (SwiftRuntime: _swift_willThrow) until `mc_restore_throw_hooks`.
/// Swift Testing sets them so that it can tell where an error came from, for which it allocates with every `throw` in
/// the process; a program without it has none. To be called in pairs by one test at a time.
void mc_suspend_throw_hooks(void);
void mc_restore_throw_hooks(void);

#endif
