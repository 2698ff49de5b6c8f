// CUDA's driver interface under its own names (CUDA driver API reference, 12.8): as much of it as we call.
//
// Streams do their work at once, in the call that orders it. What a kernel did wrong is said by the next call, as by the driver.

#include <cstdio>
#include <cstring>

#include "block.h"
#include "machine.h"

using namespace aludel::host;

namespace {

using Guard = std::lock_guard<std::mutex>;
using Pointer = unsigned long long;

// A module: nothing to hold, for kernels are in this library.
int the_module;
const char MARKER[] = "aludel kernels: no image";

Device* device(int ordinal) {
    auto& devices = machine().devices;
    return ordinal >= 0 && static_cast<size_t>(ordinal) < devices.size() ? devices[ordinal].get() : nullptr;
}

int allocate(Pointer* out, size_t bytes) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Allocate)) return code;
    if (bytes == 0) return INVALID_VALUE;
    if (bytes > current->total - current->used) return OUT_OF_MEMORY;
    Random random = machine().random();
    Guarded piece(bytes, random);
    *out = reinterpret_cast<Pointer>(piece.data());
    current->used += bytes;
    current->memory.emplace(*out, std::move(piece));
    return SUCCESS;
}

int release(Pointer pointer) {
    Guard guard(machine().lock);
    if (current == nullptr) return INVALID_CONTEXT;
    auto piece = current->memory.find(pointer);
    if (piece == current->memory.end()) return INVALID_VALUE;
    bool whole = piece->second.intact();
    current->used -= piece->second.bytes();
    current->memory.erase(piece);
    if (!whole && current->broken == SUCCESS) current->broken = ILLEGAL_ADDRESS;
    return current->broken;
}

// Whether a range is of this device's memory, or of the module's.
bool owned(const void* address, size_t bytes) {
    auto at = reinterpret_cast<uintptr_t>(address);
    auto next = current->memory.upper_bound(at);
    if (next != current->memory.begin() && std::prev(next)->second.contains(address, bytes)) return true;
    for (const auto& symbol : machine().symbols) {
        auto start = reinterpret_cast<uintptr_t>(symbol.second.first);
        if (at >= start && at + bytes <= start + symbol.second.second) return true;
    }
    return false;
}

int copy(void* to, const void* from, size_t bytes, bool to_device, bool from_device) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Copy)) return code;
    if ((to_device && !owned(to, bytes)) || (from_device && !owned(from, bytes))) return INVALID_VALUE;
    std::memmove(to, from, bytes);
    return SUCCESS;
}

void* host(Pointer pointer) { return reinterpret_cast<void*>(pointer); }

int set(Pointer pointer, unsigned char value, size_t bytes) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Copy)) return code;
    if (!owned(host(pointer), bytes)) return INVALID_VALUE;
    std::memset(host(pointer), value, bytes);
    return SUCCESS;
}

int synchronize() {
    Guard guard(machine().lock);
    return enter(Kind::Synchronize);
}

// A stream or an event: only counted.
template <typename Handle>
int make(Handle* out) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Any)) return code;
    *out = new char;
    machine().handles++;
    return SUCCESS;
}

int destroy(void* handle) {
    Guard guard(machine().lock);
    delete static_cast<char*>(handle);
    machine().handles--;
    return current == nullptr ? INVALID_CONTEXT : current->broken;
}

// After a launch: what it broke.
void settle(Device& device, std::string wrong) {
    Guard guard(machine().lock);
    int code = LAUNCH_FAILED;
    if (wrong.empty() && !intact(device)) {
        wrong = "device memory was written outside of its bounds";
        code = ILLEGAL_ADDRESS;
    }
    if (wrong.empty()) return;
    machine().complaint = wrong;
    device.broken = code;
}

}  // namespace

extern "C" {

int cuInit(unsigned) { return machine().devices.empty() ? NO_DEVICE : SUCCESS; }

int cuDriverGetVersion(int* version) {
    *version = 12080;
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

// Compute capability 9.0, with memory pools; nothing else is asked for.
int cuDeviceGetAttribute(int* value, int attribute, int ordinal) {
    if (device(ordinal) == nullptr) return INVALID_DEVICE;
    *value = attribute == 75 ? 9 : attribute == 115 ? 1 : 0;
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void** context, int ordinal) {
    Guard guard(machine().lock);
    if (device(ordinal) == nullptr) return INVALID_DEVICE;
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

int cuCtxSynchronize() { return synchronize(); }

int cuStreamCreate(void** stream, unsigned) { return make(stream); }
int cuStreamDestroy_v2(void* stream) { return destroy(stream); }
int cuStreamSynchronize(void*) { return synchronize(); }
int cuStreamWaitEvent(void*, void*, unsigned) {
    Guard guard(machine().lock);
    return enter(Kind::Any);
}

int cuEventCreate(void** event, unsigned) { return make(event); }
int cuEventDestroy_v2(void* event) { return destroy(event); }
int cuEventRecord(void*, void*) {
    Guard guard(machine().lock);
    return enter(Kind::Any);
}
int cuEventSynchronize(void*) { return synchronize(); }
int cuEventQuery(void*) { return synchronize(); }

int cuMemAlloc_v2(Pointer* out, size_t bytes) { return allocate(out, bytes); }
int cuMemAllocAsync(Pointer* out, size_t bytes, void*) { return allocate(out, bytes); }
int cuMemFree_v2(Pointer pointer) { return release(pointer); }
int cuMemFreeAsync(Pointer pointer, void*) { return release(pointer); }

int cuMemGetInfo_v2(size_t* free, size_t* total) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Any)) return code;
    *total = current->total;
    *free = current->total - current->used;
    return SUCCESS;
}

int cuMemcpyHtoD_v2(Pointer to, const void* from, size_t bytes) { return copy(host(to), from, bytes, true, false); }
int cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t bytes, void*) {
    return copy(host(to), from, bytes, true, false);
}
int cuMemcpyDtoH_v2(void* to, Pointer from, size_t bytes) { return copy(to, host(from), bytes, false, true); }
int cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t bytes, void*) {
    return copy(to, host(from), bytes, false, true);
}
int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void*) {
    return copy(host(to), host(from), bytes, true, true);
}
int cuMemsetD8_v2(Pointer to, unsigned char value, size_t bytes) { return set(to, value, bytes); }
int cuMemsetD8Async(Pointer to, unsigned char value, size_t bytes, void*) { return set(to, value, bytes); }

// A fat binary, by its first word, or the bytes that a build without a compiler for the GPU holds instead.
int cuModuleLoadData(void** out, const void* image) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Load)) return code;
    uint32_t first;
    std::memcpy(&first, image, sizeof(first));
    bool known = first == 0xba55ed50 || std::memcmp(image, MARKER, sizeof(MARKER) - 1) == 0;
    if (!known) return INVALID_IMAGE;
    *out = &the_module;
    machine().handles++;
    return SUCCESS;
}

int cuModuleUnload(void*) {
    Guard guard(machine().lock);
    machine().handles--;
    return current == nullptr ? INVALID_CONTEXT : current->broken;
}

int cuModuleGetFunction(void** out, void*, const char* name) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Load)) return code;
    auto kernel = machine().kernels.find(name);
    if (kernel == machine().kernels.end()) return NOT_FOUND;
    *out = &kernel->second;
    return SUCCESS;
}

int cuModuleGetGlobal_v2(Pointer* out, size_t* bytes, void*, const char* name) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Load)) return code;
    auto symbol = machine().symbols.find(name);
    if (symbol == machine().symbols.end()) return NOT_FOUND;
    *out = reinterpret_cast<Pointer>(symbol->second.first);
    *bytes = symbol->second.second;
    return SUCCESS;
}

// Limits as of compute capability 9.0, without an opt-in to more shared memory.
int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned dynamic_bytes, void*, void** arguments, void**) {
    Random random(0);
    Device* device;
    {
        Guard guard(machine().lock);
        if (int code = enter(Kind::Launch)) return code;
        if (gx == 0 || gy == 0 || gz == 0 || bx == 0 || by == 0 || bz == 0) return INVALID_VALUE;
        if (gx > 0x7fffffff || gy > 0xffff || gz > 0xffff) return INVALID_VALUE;
        if (static_cast<uint64_t>(bx) * by * bz > 1024 || dynamic_bytes > 48 * 1024) return INVALID_VALUE;
        random = machine().random();
        device = current;
    }
    Launch launch{static_cast<Kernel*>(function), arguments, {gx, gy, gz}, {bx, by, bz}, dynamic_bytes};
    settle(*device, run(launch, random));
    return SUCCESS;
}

int cuGetErrorName(int code, const char** name) {
    switch (code) {
        case SUCCESS: *name = "CUDA_SUCCESS"; break;
        case INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; break;
        case OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
        case NO_DEVICE: *name = "CUDA_ERROR_NO_DEVICE"; break;
        case INVALID_DEVICE: *name = "CUDA_ERROR_INVALID_DEVICE"; break;
        case INVALID_IMAGE: *name = "CUDA_ERROR_INVALID_IMAGE"; break;
        case INVALID_CONTEXT: *name = "CUDA_ERROR_INVALID_CONTEXT"; break;
        case ECC_UNCORRECTABLE: *name = "CUDA_ERROR_ECC_UNCORRECTABLE"; break;
        case NOT_FOUND: *name = "CUDA_ERROR_NOT_FOUND"; break;
        case ILLEGAL_ADDRESS: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
        case LAUNCH_OUT_OF_RESOURCES: *name = "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"; break;
        case LAUNCH_FAILED: *name = "CUDA_ERROR_LAUNCH_FAILED"; break;
        default: *name = "CUDA_ERROR_OTHER"; break;
    }
    return SUCCESS;
}

int cuGetErrorString(int code, const char** text) { return cuGetErrorName(code, text); }

// What follows is for tests.

// So many devices, with so much memory each. Only while none is in use.
int aludel_stand_in_devices(int count, uint64_t bytes) {
    Guard guard(machine().lock);
    for (const auto& used : machine().devices) {
        if (used->retained > 0) return INVALID_CONTEXT;
    }
    machine().devices.clear();
    for (int i = 0; i < count; i++) {
        machine().devices.push_back(std::make_unique<Device>());
        machine().devices.back()->ordinal = i;
        machine().devices.back()->total = bytes;
    }
    return SUCCESS;
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

// Bytes in use on all devices, and bytes that nobody freed before their context ended.
int64_t aludel_stand_in_bytes() {
    Guard guard(machine().lock);
    int64_t bytes = machine().lost_bytes;
    for (const auto& used : machine().devices) bytes += static_cast<int64_t>(used->used);
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
