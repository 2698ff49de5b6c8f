// A small generator of numbers from a seed (SplitMix64, Steele, Lea and Flood 2014).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <cstring>
#include <utility>
#include <vector>

namespace aludel::host {

class Random {
   public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    void fill(void* memory, size_t bytes) {
        auto* out = static_cast<uint8_t*>(memory);
        for (size_t i = 0; i < bytes; i += 8) {
            uint64_t word = next();
            std::memcpy(out + i, &word, bytes - i < 8 ? bytes - i : 8);
        }
    }

    void shuffle(std::vector<uint32_t>& items) {
        for (size_t i = items.size(); i > 1; i--) std::swap(items[i - 1], items[next() % i]);
    }

   private:
    uint64_t state_;
};

}  // namespace aludel::host
