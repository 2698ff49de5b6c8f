// Devices and their contexts, under the driver's own names (CUDA driver API reference, 12.8): as much of it as we call.

#include <cstdio>

#include "calls.h"

using namespace aludel::host;

extern "C" {

int cuInit(unsigned) { return machine().devices.empty() ? NO_DEVICE : SUCCESS; }

int cuDriverGetVersion(int* version) {
    Guard guard(machine().lock);
    *version = machine().version;
    return SUCCESS;
}

int cuDeviceGetCount(int* count) {
    *count = static_cast<int>(machine().devices.size());
    return SUCCESS;
}

int cuDeviceGet(int* out, int ordinal) {
    *out = ordinal;
    return device(ordinal) == nullptr ? INVALID_DEVICE : SUCCESS;
}

int cuDeviceGetName(char* name, int length, int ordinal) {
    std::snprintf(name, length, "stand-in %d", ordinal);
    return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t* bytes, int ordinal) {
    if (device(ordinal) == nullptr) return INVALID_DEVICE;
    *bytes = device(ordinal)->total;
    return SUCCESS;
}

// Compute capability 9.0, with memory pools, and the limits that `aludel devices` shows.
int cuDeviceGetAttribute(int* value, int attribute, int ordinal) {
    if (device(ordinal) == nullptr) return INVALID_DEVICE;
    switch (attribute) {
        case 16: *value = 1; break;            // MULTIPROCESSOR_COUNT
        case 20: *value = device(ordinal)->compute_mode; break;
        case 75: *value = 9; break;            // COMPUTE_CAPABILITY_MAJOR
        case 97: *value = 48 * 1024; break;    // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
        case 115: *value = 1; break;           // MEMORY_POOLS_SUPPORTED
        default: *value = 0; break;
    }
    return SUCCESS;
}

// Buses of no machine: what has an NVML as well has its devices elsewhere.
int cuDeviceGetPCIBusId(char* out, int length, int ordinal) {
    if (device(ordinal) == nullptr) return INVALID_DEVICE;
    std::snprintf(out, length, "ffff:%02x:00.0", ordinal);
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void** context, int ordinal) {
    Guard guard(machine().lock);
    if (device(ordinal) == nullptr) return INVALID_DEVICE;
    // No context for anybody, or one that another process has.
    if (device(ordinal)->compute_mode != 0) return DEVICE_UNAVAILABLE;
    *context = device(ordinal);
    device(ordinal)->retained++;
    return SUCCESS;
}

// With the last reference goes all that is on the device.
int cuDevicePrimaryCtxRelease_v2(int ordinal) {
    Guard guard(machine().lock);
    Device* released = device(ordinal);
    if (released == nullptr || released->retained == 0) return INVALID_CONTEXT;
    if (--released->retained > 0) return SUCCESS;
    machine().lost_bytes += static_cast<int64_t>(released->used);
    auto& pinned = machine().pinned;
    for (auto piece = pinned.begin(); piece != pinned.end();) {
        bool lost = piece->second.owner == released;
        if (lost) machine().lost_bytes += static_cast<int64_t>(piece->second.memory.bytes());
        piece = lost ? pinned.erase(piece) : std::next(piece);
    }
    released->memory.clear();
    released->used = 0;
    released->broken = SUCCESS;
    return SUCCESS;
}

int cuCtxSetCurrent(void* context) {
    current = static_cast<Device*>(context);
    return SUCCESS;
}

int cuCtxGetCurrent(void** context) {
    *context = current;
    return SUCCESS;
}

}  // extern "C"
