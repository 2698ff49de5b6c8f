// Runs blocks of threads on one processor, in an order drawn from a seed.
#pragma once

#include <string>

#include "random.h"
#include "shim.h"

namespace aludel::host {

struct Launch {
    Body body;
    Dim3 grid, block;
    size_t dynamic_bytes;
};

// Runs every block, one after another. Says what was wrong, nothing where all is well:
// a barrier that some threads never reach, shared memory written outside of its pieces.
std::string run(const Launch& launch, Random& random);

// The thread of a kernel that runs now, in words. Nothing outside of kernels.
std::string running_thread();

// Where an address is that lies in or beside a piece of the running block's shared memory. Nothing for others.
std::string of_shared(const void* address);

}  // namespace aludel::host
