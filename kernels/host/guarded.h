// Memory with a zone on each side that nobody may write, and full of garbage to begin with. Under sanitizers nobody may read the zones either.
#pragma once

#include <cstring>
#include <memory>
#include <string>

#include "random.h"
#include "sanitizers.h"

namespace aludel::host {

class Guarded {
   public:
    static constexpr size_t ZONE = 4096;

    Guarded(size_t bytes, Random& random) : bytes_(bytes), memory_(new uint8_t[bytes + 2 * ZONE + ALIGN]) {
        auto address = reinterpret_cast<uintptr_t>(memory_.get());
        start_ = memory_.get() + (ALIGN - address % ALIGN);
        random.fill(start_, bytes + 2 * ZONE);
        // A value of a field that a kernel writes is below 2^31, so that no kernel writes these by accident.
        std::memset(start_, PATTERN, ZONE);
        std::memset(start_ + ZONE + bytes, PATTERN, ZONE);
        forbid(memory_.get(), data() - memory_.get());
        forbid(data() + bytes, memory_.get() + bytes + 2 * ZONE + ALIGN - (data() + bytes));
    }

    uint8_t* data() const { return start_ + ZONE; }
    size_t bytes() const { return bytes_; }

    bool contains(const void* address, size_t bytes) const {
        auto* at = static_cast<const uint8_t*>(address);
        return at >= data() && bytes <= bytes_ && at <= data() + (bytes_ - bytes);
    }

    // Whether an address is here or in a zone.
    bool beside(const void* address) const { return address >= start_ && address < data() + bytes_ + ZONE; }

    // Where an address is that is here or in a zone.
    std::string place(const void* address) const {
        auto offset = static_cast<const uint8_t*>(address) - data();
        return "byte " + std::to_string(offset) + " of " + std::to_string(bytes_) + " bytes";
    }

    // Whether nobody wrote outside.
    UNCHECKED bool intact() const {
        for (size_t i = 0; i < ZONE; i++) {
            if (start_[i] != PATTERN || data()[bytes_ + i] != PATTERN) return false;
        }
        return true;
    }

   private:
    static constexpr size_t ALIGN = 256;
    static constexpr uint8_t PATTERN = 0xe7;
    size_t bytes_;
    std::unique_ptr<uint8_t[]> memory_;
    uint8_t* start_;
};

}  // namespace aludel::host
