// Modules, and launches of their kernels. What a kernel did wrong is said by a later call, as by the driver.

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "../block.h"
#include "calls.h"

using namespace aludel::host;

namespace {

// A module: nothing to hold, for kernels are in this library, or in one that stays.
int the_module;
const char MARKER[] = "aludel kernels: no image";

// A library that the stand-in for NVRTC made: its kernels are known by their names once it is loaded, and it stays. Its length is where the table of sections, which comes last, ends.
bool load_library(const char* image) {
    Elf64_Ehdr header;
    std::memcpy(&header, image, sizeof(header));
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_machine != EM_X86_64 || header.e_type != ET_DYN) return false;
    size_t bytes = header.e_shoff + size_t{header.e_shnum} * header.e_shentsize;
    int file = memfd_create("kernels", 0);
    // The file stays open: under the name of one that was loaded before, the loader would give that one.
    return file >= 0 && write(file, image, bytes) == static_cast<ssize_t>(bytes) &&
           dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW) != nullptr;
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

// A fat binary, by its first word, the bytes that a build without a compiler for the GPU holds instead, or a library.
int cuModuleLoadData(void** out, const void* image) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Load)) return code;
    uint32_t first;
    std::memcpy(&first, image, sizeof(first));
    bool known = first == 0xba55ed50 || std::memcmp(image, MARKER, sizeof(MARKER) - 1) == 0 || load_library(static_cast<const char*>(image));
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

// Local memory of a thread (CUfunction_attribute), as a test has it.
int cuFuncGetAttribute(int* value, int attribute, void*) {
    Guard guard(machine().lock);
    if (int code = enter(Kind::Load)) return code;
    if (attribute != 3) return INVALID_VALUE;
    *value = machine().local_bytes;
    return SUCCESS;
}

// Limits as of compute capability 9.0, without an opt-in to more shared memory.
int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned dynamic_bytes, void* handle, void** arguments, void**) {
    auto mine = turn();
    if (int code = checked(Kind::Launch)) return code;
    if (foreign(handle)) return INVALID_CONTEXT;
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

}  // extern "C"
