// Which instruction sets this machine runs. Knows CPUID; no kernels' work.
#pragma once

#include "kernels.h"

namespace nemo {

// The best that this machine runs, or that `use` has chosen.
const Kernels &kernels();

// Takes the set of that name; false when there is no such set or this machine does not run it.
bool use(const char *name);

}  // namespace nemo
