// What a test says to the stand-in, and asks of it: see stand-in/src/lib.rs.

#include <cstdio>

#include "machine.h"

using namespace aludel::host;

using Guard = std::lock_guard<std::mutex>;

extern "C" {

// So many devices, with so much memory each. Only while none is in use.
int aludel_stand_in_devices(int count, uint64_t bytes) {
    Guard guard(machine().lock);
    for (const auto& used : machine().devices) {
        if (used->retained > 0) return INVALID_CONTEXT;
    }
    machine().devices.clear();
    machine().linked = false;
    machine().version = VERSION;
    machine().local_bytes = 0;
    for (int i = 0; i < count; i++) {
        machine().devices.push_back(std::make_unique<Device>());
        machine().devices.back()->ordinal = i;
        machine().devices.back()->total = bytes;
    }
    return SUCCESS;
}

// Who may have a context of the last device: CUcomputemode. Others than everybody, and there is none for us.
void aludel_stand_in_compute_mode(int mode) {
    Guard guard(machine().lock);
    machine().devices.back()->compute_mode = mode;
}

// The version of CUDA that the driver has, for those who open a device from now on. Until devices change.
void aludel_stand_in_version(int version) {
    Guard guard(machine().lock);
    machine().version = version;
}

// Bytes of local memory that a thread of any kernel takes, as the driver says. Until devices change.
void aludel_stand_in_local_bytes(int bytes) {
    Guard guard(machine().lock);
    machine().local_bytes = bytes;
}

void aludel_stand_in_seed(uint64_t seed) {
    Guard guard(machine().lock);
    machine().seed = seed;
    machine().drawn = 0;
}

void aludel_stand_in_fail(int kind, int64_t after, int code) {
    Guard guard(machine().lock);
    machine().faults.clear();
    if (code != SUCCESS) machine().faults.push_back({static_cast<Kind>(kind), after, code});
}

// Whether the ordered fault still waits for its call.
int aludel_stand_in_pending() {
    Guard guard(machine().lock);
    return static_cast<int>(machine().faults.size());
}

// Bytes in use on all devices, pinned bytes of the host, and bytes that nobody freed before their context ended.
int64_t aludel_stand_in_bytes() {
    Guard guard(machine().lock);
    int64_t bytes = machine().lost_bytes;
    for (const auto& used : machine().devices) bytes += static_cast<int64_t>(used->used);
    for (const auto& pinned : machine().pinned) bytes += static_cast<int64_t>(pinned.second.memory.bytes());
    return bytes;
}

// Streams, events and modules that exist, and references to contexts.
int64_t aludel_stand_in_handles() {
    Guard guard(machine().lock);
    int64_t handles = machine().handles;
    for (const auto& used : machine().devices) handles += used->retained;
    return handles;
}

// What was wrong with the last kernel that was: copied, with an end.
void aludel_stand_in_complaint(char* out, size_t length) {
    Guard guard(machine().lock);
    std::snprintf(out, length, "%s", machine().complaint.c_str());
}

}  // extern "C"
