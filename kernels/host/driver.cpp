// CUDA's driver interface under its own names (CUDA driver API reference, 12.8): as much of it as we call.
//
// A stream does its work when somebody waits for it, or when chance moves it on (queue.h), so that work which does not wait for what it
// needs comes too early under some seed. What a kernel did wrong is said by a later call, as by the driver.

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "block.h"
#include "machine.h"
#include "queue.h"

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

// Whether a range is of this device's memory, or of the module's.
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

// A call that concerns the current device: its turn, if there is one.
std::unique_lock<std::recursive_mutex> turn() {
    return current == nullptr ? std::unique_lock<std::recursive_mutex>() : std::unique_lock(current->turn);
}

int checked(Kind kind) {
    Guard guard(machine().lock);
    return enter(kind);
}

int broken() { return current == nullptr ? INVALID_CONTEXT : current->broken; }

std::shared_ptr<Stream> stream(void* handle) {
    return handle == nullptr ? nullptr : *static_cast<std::shared_ptr<Stream>*>(handle);
}

// Gives work to a stream. The default stream, a null pointer, waits for all others and does it at once.
int give(void* handle, Work work) {
    auto to = stream(handle);
    if (to == nullptr) {
        finish(*current);
        if (work.run) work.run();
        return current->broken;
    }
    to->queue.push_back(std::move(work));
    to->given++;
    move_on(*current);
    return SUCCESS;
}

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
    if (current == nullptr) return INVALID_CONTEXT;
    if (current->memory.count(pointer) == 0) return INVALID_VALUE;
    Device& device = *current;
    Work work;
    work.run = [&device, pointer] { free_now(device, pointer); };
    work.always = true;
    give(handle, std::move(work));
    return device.broken;
}

void* host(Pointer pointer) { return reinterpret_cast<void*>(pointer); }

// A copy in stream order. A range must be of the device when the copy is ordered and when it is done.
int copy(void* to, const void* from, size_t bytes, bool to_device, bool from_device, void* handle) {
    auto mine = turn();
    if (int code = checked(Kind::Copy)) return code;
    Device& device = *current;
    auto valid = [&device, to, from, bytes, to_device, from_device] {
        return (!to_device || owned(device, to, bytes)) && (!from_device || owned(device, from, bytes));
    };
    if (!valid()) return INVALID_VALUE;
    // Memory of the host is read now: it may change when the call has returned.
    auto staged = std::make_shared<std::vector<uint8_t>>();
    auto* bytes_from = static_cast<const uint8_t*>(from);
    if (!from_device) staged->assign(bytes_from, bytes_from + bytes);
    Work work;
    work.run = [=, &device] {
        if (valid()) std::memmove(to, from_device ? from : staged->data(), bytes);
        if (!valid() && device.broken == SUCCESS) device.broken = ILLEGAL_ADDRESS;
    };
    if (int code = give(handle, std::move(work))) return code;
    // To memory of the host that is not pinned a copy is done when the call returns.
    if (!to_device && handle != nullptr) drain(device, *stream(handle));
    return device.broken;
}

int set(Pointer pointer, unsigned char value, size_t bytes, void* handle) {
    auto mine = turn();
    if (int code = checked(Kind::Copy)) return code;
    if (!owned(*current, host(pointer), bytes)) return INVALID_VALUE;
    Work work;
    work.run = [pointer, value, bytes] { std::memset(host(pointer), value, bytes); };
    return give(handle, std::move(work));
}

// Waits for a stream, or for all of a device.
int synchronize(void* handle) {
    auto mine = turn();
    if (int code = checked(Kind::Synchronize)) return code;
    if (handle == nullptr) {
        finish(*current);
    } else {
        drain(*current, *stream(handle));
    }
    return current->broken;
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

int cuCtxSynchronize() { return synchronize(nullptr); }

int cuStreamCreate(void** out, unsigned) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    current->streams.push_back(std::make_shared<Stream>());
    *out = new std::shared_ptr<Stream>(current->streams.back());
    Guard guard(machine().lock);
    machine().handles++;
    return SUCCESS;
}

int cuStreamDestroy_v2(void* handle) {
    auto mine = turn();
    if (current == nullptr) return INVALID_CONTEXT;
    auto* gone = static_cast<std::shared_ptr<Stream>*>(handle);
    drain(*current, **gone);
    auto& streams = current->streams;
    streams.erase(std::find(streams.begin(), streams.end(), *gone));
    delete gone;
    Guard guard(machine().lock);
    machine().handles--;
    return broken();
}

int cuStreamSynchronize(void* handle) { return synchronize(handle); }

int cuStreamWaitEvent(void* handle, void* event, unsigned) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    auto* awaited = static_cast<Event*>(event);
    Work work;
    work.other = awaited->stream;
    work.until = awaited->until;
    return give(handle, std::move(work));
}

int cuEventCreate(void** event, unsigned) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    *event = new Event;
    Guard guard(machine().lock);
    machine().handles++;
    return SUCCESS;
}

int cuEventDestroy_v2(void* event) {
    delete static_cast<Event*>(event);
    Guard guard(machine().lock);
    machine().handles--;
    return broken();
}

int cuEventRecord(void* event, void* handle) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    auto* recorded = static_cast<Event*>(event);
    recorded->stream = stream(handle);
    recorded->until = recorded->stream == nullptr ? 0 : recorded->stream->given;
    return SUCCESS;
}

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

int cuMemcpyHtoD_v2(Pointer to, const void* from, size_t bytes) {
    return copy(host(to), from, bytes, true, false, nullptr);
}
int cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t bytes, void* handle) {
    return copy(host(to), from, bytes, true, false, handle);
}
int cuMemcpyDtoH_v2(void* to, Pointer from, size_t bytes) {
    return copy(to, host(from), bytes, false, true, nullptr);
}
int cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t bytes, void* handle) {
    return copy(to, host(from), bytes, false, true, handle);
}
int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void* handle) {
    return copy(host(to), host(from), bytes, true, true, handle);
}
int cuMemsetD8_v2(Pointer to, unsigned char value, size_t bytes) { return set(to, value, bytes, nullptr); }
int cuMemsetD8Async(Pointer to, unsigned char value, size_t bytes, void* handle) {
    return set(to, value, bytes, handle);
}

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
                   unsigned dynamic_bytes, void* handle, void** arguments, void**) {
    auto mine = turn();
    if (int code = checked(Kind::Launch)) return code;
    if (gx == 0 || gy == 0 || gz == 0 || bx == 0 || by == 0 || bz == 0) return INVALID_VALUE;
    if (gx > 0x7fffffff || gy > 0xffff || gz > 0xffff) return INVALID_VALUE;
    if (static_cast<uint64_t>(bx) * by * bz > 1024 || dynamic_bytes > 48 * 1024) return INVALID_VALUE;
    Device& device = *current;
    Launch launch{(*static_cast<Kernel*>(function))(arguments), {gx, gy, gz}, {bx, by, bz}, dynamic_bytes};
    Work work;
    work.run = [&device, launch] {
        Random random(0);
        {
            Guard guard(machine().lock);
            random = machine().random();
        }
        settle(device, run(launch, random));
    };
    // As the driver: a fault is for a later call to say.
    give(handle, std::move(work));
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

}  // extern "C"
