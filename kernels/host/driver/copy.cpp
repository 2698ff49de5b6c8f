// Copies: between the host and a device, within a device, and between devices.

#include <cstring>

#include "../queue.h"
#include "calls.h"

using namespace aludel::host;

namespace {

void* host(Pointer pointer) { return reinterpret_cast<void*>(pointer); }

// A copy in stream order. A range must be of the device, or pinned, when the copy is ordered and when it is done.
struct Copy {
    void* to;
    const void* from;
    size_t bytes;
    // Where the ranges are: on these devices, or on the host.
    Device* to_device;
    Device* from_device;
    // Whether the range on the host, if there is one, is pinned.
    bool pinned = false;
    // What the host's memory held when the copy was ordered, where it is not pinned: it may change when the call has returned.
    std::shared_ptr<std::vector<uint8_t>> staged = nullptr;

    const void* on_host() const { return from_device == nullptr ? from : to; }
    bool concerns_host() const { return to_device == nullptr || from_device == nullptr; }

    bool valid() const {
        return (to_device == nullptr || owned(*to_device, to, bytes)) &&
               (from_device == nullptr || owned(*from_device, from, bytes)) &&
               (!pinned || aludel::host::pinned(on_host(), bytes));
    }

    // What it breaks. A source that is lost breaks the copy, and so the context that makes it.
    int done() const {
        if (from_device != nullptr && from_device->broken != SUCCESS) return from_device->broken;
        if (!valid()) return ILLEGAL_ADDRESS;
        std::memmove(to, staged == nullptr ? from : staged->data(), bytes);
        return SUCCESS;
    }
};

int order(Copy copy, void* handle) {
    if (int code = checked(Kind::Copy)) return code;
    if (foreign(handle)) return INVALID_CONTEXT;
    copy.pinned = copy.concerns_host() && pinned(copy.on_host());
    if (!copy.valid()) return INVALID_VALUE;
    auto* bytes_from = static_cast<const uint8_t*>(copy.from);
    if (copy.from_device == nullptr && !copy.pinned) {
        copy.staged = std::make_shared<std::vector<uint8_t>>(bytes_from, bytes_from + copy.bytes);
    }
    Device& device = *current;
    Work work;
    work.run = [copy, &device] {
        int code = copy.done();
        if (code != SUCCESS && device.broken == SUCCESS) device.broken = code;
    };
    if (int code = give(handle, std::move(work))) return code;
    // To memory of the host that is not pinned a copy is done when the call returns.
    if (copy.to_device == nullptr && !copy.pinned && handle != nullptr) drain(*stream(handle));
    return device.broken;
}

int to_device(Pointer to, const void* from, size_t bytes, void* handle) {
    auto mine = turn();
    return order({host(to), from, bytes, current, nullptr}, handle);
}

int from_device(void* to, Pointer from, size_t bytes, void* handle) {
    auto mine = turn();
    return order({to, host(from), bytes, nullptr, current}, handle);
}

// A copy between devices may also fail by its source alone.
int lose(Device& source) {
    Guard guard(machine().lock);
    int code = injected(Kind::Peer);
    if (breaks(code)) source.broken = code;
    return code;
}

int set(Pointer pointer, unsigned char value, size_t bytes, void* handle) {
    auto mine = turn();
    if (int code = checked(Kind::Copy)) return code;
    if (!owned(*current, host(pointer), bytes)) return INVALID_VALUE;
    Work work;
    work.run = [pointer, value, bytes] { std::memset(host(pointer), value, bytes); };
    return give(handle, std::move(work));
}

}  // namespace

extern "C" {

int cuMemcpyHtoD_v2(Pointer to, const void* from, size_t bytes) { return to_device(to, from, bytes, nullptr); }
int cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t bytes, void* handle) {
    return to_device(to, from, bytes, handle);
}
int cuMemcpyDtoH_v2(void* to, Pointer from, size_t bytes) { return from_device(to, from, bytes, nullptr); }
int cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t bytes, void* handle) {
    return from_device(to, from, bytes, handle);
}
int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void* handle) {
    auto mine = turn();
    return order({host(to), host(from), bytes, current, current}, handle);
}

// By the device whose stream it is; of the contexts that it names, both are alive and well.
int cuMemcpyPeerAsync(Pointer to, void* to_context, Pointer from, void* from_context, size_t bytes, void* handle) {
    auto mine = turn(to_context != from_context);
    auto* target = static_cast<Device*>(to_context);
    auto* source = static_cast<Device*>(from_context);
    for (auto* device : {target, source}) {
        if (device == nullptr || device->retained == 0) return INVALID_CONTEXT;
        if (device->broken != SUCCESS) return device->broken;
    }
    if (int code = lose(*source)) return code;
    return order({host(to), host(from), bytes, target, source}, handle);
}

int cuMemsetD8_v2(Pointer to, unsigned char value, size_t bytes) { return set(to, value, bytes, nullptr); }
int cuMemsetD8Async(Pointer to, unsigned char value, size_t bytes, void* handle) {
    return set(to, value, bytes, handle);
}

}  // extern "C"
