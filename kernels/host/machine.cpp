#include "machine.h"

namespace aludel::host {

thread_local Device* current = nullptr;

Machine& machine() {
    static Machine the_machine;
    return the_machine;
}

Registered::Registered(const char* name, Kernel kernel) { machine().kernels.emplace(name, std::move(kernel)); }

Registered::Registered(const char* name, void* memory, size_t bytes) {
    machine().random().fill(memory, bytes);
    machine().symbols.emplace(name, std::make_pair(memory, bytes));
}

bool breaks(int code) {
    switch (code) {
        case DEVICE_UNAVAILABLE:
        case ECC_UNCORRECTABLE:
        case ILLEGAL_ADDRESS:
        case CONTEXT_IS_DESTROYED:
        case LAUNCH_FAILED:
            return true;
        default:
            return false;
    }
}

int injected(Kind kind) {
    auto& faults = machine().faults;
    for (auto fault = faults.begin(); fault != faults.end(); ++fault) {
        bool counts = fault->kind == Kind::Any || fault->kind == kind;
        if (!counts || fault->after-- > 0) continue;
        int code = fault->code;
        faults.erase(fault);
        return code;
    }
    return SUCCESS;
}

int enter(Kind kind) {
    if (current == nullptr || current->retained == 0) return INVALID_CONTEXT;
    if (current->broken != SUCCESS) return current->broken;
    int code = injected(kind);
    if (breaks(code)) current->broken = code;
    return code;
}

bool intact(const Device& device) {
    for (const auto& piece : device.memory) {
        if (!piece.second.intact()) return false;
    }
    return true;
}

}  // namespace aludel::host
