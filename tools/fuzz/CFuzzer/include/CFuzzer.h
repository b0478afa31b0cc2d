// The entry point of libFuzzer for programs that have their own main (compiler-rt, FuzzerInterface.h).
// It is defined only where the program is linked with -sanitize=fuzzer.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Runs the fuzzer with the options in `argv`; calls `target` with each input and returns the exit status.
int LLVMFuzzerRunDriver(int *_Nonnull argc, char *_Nullable *_Nonnull *_Nonnull argv,
                        int (*_Nonnull target)(const uint8_t *_Nullable data, size_t size));
