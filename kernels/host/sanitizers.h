// What AddressSanitizer has to be told, where the stand-in is built with it: which memory nobody may touch, and on which stack a thread
// stands. Elsewhere these do nothing.
#pragma once

#include <setjmp.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
// For a function that reads what nobody else may touch, or that is left by a jump: the zones around its variables would stay behind.
#define UNCHECKED __attribute__((no_sanitize_address))
#else
#define UNCHECKED
#endif

namespace aludel::host {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool SANITIZED = true;
#else
constexpr bool SANITIZED = false;
#endif

// From here on a read or a write of these bytes ends the process with a report.
inline void forbid([[maybe_unused]] const void* start, [[maybe_unused]] size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __asan_poison_memory_region(start, bytes);
#endif
}

// These bytes may be touched, whatever was said of them before.
inline void allow([[maybe_unused]] const void* start, [[maybe_unused]] size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(start, bytes);
#endif
}

// A stack: its lowest byte, its size, and what the sanitizer keeps of it while the thread is elsewhere.
struct Stack {
    const void* bottom = nullptr;
    size_t bytes = 0;
    void* kept = nullptr;
};

// The next jump goes from one stack to the other.
inline void depart([[maybe_unused]] Stack& from, [[maybe_unused]] const Stack& to) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&from.kept, to.bottom, to.bytes);
#endif
}

// Jumps to another stack.
#if defined(__SANITIZE_ADDRESS__)
[[noreturn]] void jump(jmp_buf to);
#else
[[noreturn]] inline void jump(jmp_buf to) { _longjmp(to, 1); }
#endif

// The jump is done. Where `from` is given, it learns its place.
inline void arrive([[maybe_unused]] const Stack& here, [[maybe_unused]] Stack* from) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(here.kept, from == nullptr ? nullptr : &from->bottom,
                                    from == nullptr ? nullptr : &from->bytes);
#endif
}

}  // namespace aludel::host
