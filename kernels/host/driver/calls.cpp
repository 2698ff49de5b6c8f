#include "calls.h"

#include "../queue.h"

namespace aludel::host {

Device* device(int ordinal) {
    auto& devices = machine().devices;
    return ordinal >= 0 && static_cast<size_t>(ordinal) < devices.size() ? devices[ordinal].get() : nullptr;
}

Turns turn(bool linked) {
    Turns held;
    if (current == nullptr) return held;
    if (!linked) {
        held.emplace_back(current->turn);
        if (!machine().linked) return held;
        held.clear();
    }
    for (const auto& device : machine().devices) held.emplace_back(device->turn);
    machine().linked = true;
    return held;
}

int checked(Kind kind) {
    Guard guard(machine().lock);
    return enter(kind);
}

std::shared_ptr<Stream> stream(void* handle) {
    return handle == nullptr ? nullptr : *static_cast<std::shared_ptr<Stream>*>(handle);
}

bool foreign(void* handle) { return handle != nullptr && stream(handle)->device != current; }

int give(void* handle, Work work) {
    if (foreign(handle)) return INVALID_CONTEXT;
    auto to = stream(handle);
    if (to == nullptr) {
        finish(*current);
        if (work.other != nullptr) advance(*work.other, work.until);
        if (work.run) work.run();
        return current->broken;
    }
    to->queue.push_back(std::move(work));
    to->given++;
    move_on(*current);
    return SUCCESS;
}

}  // namespace aludel::host
