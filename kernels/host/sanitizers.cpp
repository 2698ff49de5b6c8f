// What the sanitizers' reports do not know: which thread of which block it was, and how far from which piece of memory.
#include "sanitizers.h"

#if defined(__SANITIZE_ADDRESS__)

#include <dlfcn.h>

#include <cstdio>

#include "block.h"
#include "machine.h"

namespace aludel::host {
namespace {

// The piece of a device at or beside an address. No lock: the process ends, and the thread that ends it may hold them all.
std::string of_devices(const void* address) {
    for (const auto& device : machine().devices) {
        for (const auto& piece : device->memory) {
            if (piece.second.beside(address)) return piece.second.place(address) + " of device memory";
        }
    }
    return "";
}

void say_thread() {
    std::string thread = running_thread();
    if (!thread.empty()) std::fprintf(stderr, "stand-in: %s\n", thread.c_str());
}

// AddressSanitizer calls it last, after its report.
void say_where() {
    say_thread();
    if (__asan_report_present() == 0) return;
    void* address = __asan_get_report_address();
    std::string place = of_shared(address);
    if (place.empty()) place = of_devices(address);
    if (!place.empty()) std::fprintf(stderr, "stand-in: %s\n", place.c_str());
}

const bool told = [] {
    __sanitizer_set_death_callback(say_where);
    return true;
}();

using Jump = void (*)(jmp_buf, int);

// The C library's own. AddressSanitizer's, which has its name, takes a jump for the end of all frames above, and opens the zones in them.
Jump own_jump() {
    void* library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    void* found = library == nullptr ? nullptr : dlsym(library, "_longjmp");
    return found == nullptr ? _longjmp : reinterpret_cast<Jump>(found);
}

const Jump the_jump = own_jump();

}  // namespace

UNCHECKED void jump(jmp_buf to) {
    the_jump(to, 1);
    __builtin_unreachable();
}

}  // namespace aludel::host

// The other sanitizer calls it before its report: by this name, which it would have itself.
extern "C" void __ubsan_on_report() { aludel::host::say_thread(); }

#endif
