// Empty: the package manager wants a source file beside the header.
#include "CFuzzer.h"
