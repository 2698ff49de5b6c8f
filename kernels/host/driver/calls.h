// What the driver's functions share: whose turn it is, what fails, and how work is given to a stream.
#pragma once

#include "../machine.h"

namespace aludel::host {

using Guard = std::lock_guard<std::mutex>;
using Pointer = unsigned long long;
using Turns = std::vector<std::unique_lock<std::recursive_mutex>>;

Device* device(int ordinal);

// A call that concerns the current device: its turn, if there is one. Where devices wait for each other, or are about to (`linked`), the
// turns of all, in the order of the devices.
Turns turn(bool linked = false);

// What a call of a kind returns before it does anything.
int checked(Kind kind);

// The stream behind a handle; the default stream is a null pointer.
std::shared_ptr<Stream> stream(void* handle);

// Whether a stream belongs to another context than the current one.
bool foreign(void* handle);

// Gives work to a stream of the current device. The default stream waits for all others and does it at once.
int give(void* handle, Work work);

// Whether a range is of this device's memory, or of the module's.
bool owned(const Device& device, const void* address, size_t bytes);

// Whether an address of the host is pinned.
bool pinned(const void* address);

// Whether a range of the host is pinned as a whole.
bool pinned(const void* address, size_t bytes);

}  // namespace aludel::host
