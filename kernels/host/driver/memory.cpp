// Memory of devices, and pinned memory of the host.

#include <cstring>

#include "../queue.h"
#include "calls.h"

namespace aludel::host {

bool owned(const Device& device, const void* address, size_t bytes) {
    auto at = reinterpret_cast<uintptr_t>(address);
    auto next = device.memory.upper_bound(at);
    if (next != device.memory.begin() && std::prev(next)->second.contains(address, bytes)) return true;
    for (const auto& symbol : machine().symbols) {
        auto start = reinterpret_cast<uintptr_t>(symbol.second.first);
        if (at >= start && at + bytes <= start + symbol.second.second) return true;
    }
    return false;
}

bool pinned(const void* address) { return pinned(address, 1); }

bool pinned(const void* address, size_t bytes) {
    Guard guard(machine().lock);
    const auto& pieces = machine().pinned;
    auto next = pieces.upper_bound(reinterpret_cast<uintptr_t>(address));
    return next != pieces.begin() && std::prev(next)->second.memory.contains(address, bytes);
}

}  // namespace aludel::host

using namespace aludel::host;

namespace {

int allocate(Pointer* out, size_t bytes) {
    auto mine = turn();
    if (int code = checked(Kind::Allocate)) return code;
    if (bytes == 0) return INVALID_VALUE;
    // What is to be freed may be what is wanted.
    if (bytes > current->total - current->used) finish(*current);
    if (bytes > current->total - current->used) return OUT_OF_MEMORY;
    Guard guard(machine().lock);
    Random random = machine().random();
    Guarded piece(bytes, random);
    *out = reinterpret_cast<Pointer>(piece.data());
    current->used += bytes;
    current->memory.emplace(*out, std::move(piece));
    return SUCCESS;
}

void free_now(Device& device, Pointer pointer) {
    Guard guard(machine().lock);
    auto piece = device.memory.find(pointer);
    bool whole = piece->second.intact();
    device.used -= piece->second.bytes();
    // Who uses it still reads garbage.
    std::memset(piece->second.data(), 0xd5, piece->second.bytes());
    device.memory.erase(piece);
    if (!whole && device.broken == SUCCESS) device.broken = ILLEGAL_ADDRESS;
}

int release(Pointer pointer, void* handle) {
    auto mine = turn();
    if (current == nullptr || foreign(handle)) return INVALID_CONTEXT;
    if (current->memory.count(pointer) == 0) return INVALID_VALUE;
    Device& device = *current;
    Work work;
    work.run = [&device, pointer] { free_now(device, pointer); };
    work.always = true;
    give(handle, std::move(work));
    return device.broken;
}

}  // namespace

extern "C" {

int cuMemAlloc_v2(Pointer* out, size_t bytes) { return allocate(out, bytes); }
int cuMemAllocAsync(Pointer* out, size_t bytes, void*) { return allocate(out, bytes); }
int cuMemFree_v2(Pointer pointer) { return release(pointer, nullptr); }
int cuMemFreeAsync(Pointer pointer, void* handle) { return release(pointer, handle); }

int cuMemGetInfo_v2(size_t* free, size_t* total) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    *total = current->total;
    *free = current->total - current->used;
    return SUCCESS;
}

int cuMemHostAlloc(void** out, size_t bytes, unsigned) {
    auto mine = turn();
    if (int code = checked(Kind::Allocate)) return code;
    if (bytes == 0) return INVALID_VALUE;
    Guard guard(machine().lock);
    Random random = machine().random();
    Pinned piece{current, Guarded(bytes, random)};
    *out = piece.memory.data();
    machine().pinned.emplace(reinterpret_cast<uintptr_t>(*out), std::move(piece));
    machine().handles++;
    return SUCCESS;
}

// Waits for nothing: a copy that is still to come finds the memory gone.
int cuMemFreeHost(void* address) {
    auto mine = turn();
    if (current == nullptr) return INVALID_CONTEXT;
    Guard guard(machine().lock);
    auto piece = machine().pinned.find(reinterpret_cast<uintptr_t>(address));
    if (piece == machine().pinned.end()) return INVALID_VALUE;
    bool whole = piece->second.memory.intact();
    machine().pinned.erase(piece);
    machine().handles--;
    if (!whole && current->broken == SUCCESS) {
        machine().complaint = "pinned memory was written outside of its bounds";
        current->broken = ILLEGAL_ADDRESS;
    }
    return current->broken;
}

}  // extern "C"
