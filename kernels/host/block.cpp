#include "block.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstring>
#include <memory>
#include <vector>

#include "guarded.h"

using aludel::host::Dim3;

#define OWN_THREAD_LOCAL thread_local __attribute__((tls_model("initial-exec")))
OWN_THREAD_LOCAL Dim3 threadIdx;
OWN_THREAD_LOCAL Dim3 blockIdx;
OWN_THREAD_LOCAL Dim3 blockDim;
OWN_THREAD_LOCAL Dim3 gridDim;

namespace aludel::host {
namespace {

constexpr size_t STACK = 64 * 1024;
constexpr size_t PAGE = 4096;

enum class State { Ready, Waiting, Ended };

// A thread of CUDA: a stack of its own, and where it stands. Made once, and used by one block after another.
struct Fiber {
    jmp_buf here;
    void* stack = nullptr;
    State state = State::Ended;
    bool started = false;
    const char* file = nullptr;
    int line = 0;

    ~Fiber() {
        if (stack != nullptr) munmap(stack, STACK + PAGE);
    }
};

// What one thread of the machine runs.
struct Scheduler {
    std::vector<std::unique_ptr<Fiber>> fibers;
    Fiber* running = nullptr;
    const Launch* launch = nullptr;
    jmp_buf here;
    Random* random = nullptr;
    std::vector<std::pair<const void*, Guarded>> shared;
};

// Reached by a pointer, which costs an access of a few instructions; made at a thread's first launch, gone with the thread.
OWN_THREAD_LOCAL Scheduler* scheduler = nullptr;
thread_local std::unique_ptr<Scheduler> owner;

void leave(State state) {
    Fiber* self = scheduler->running;
    self->state = state;
    if (_setjmp(self->here) == 0) _longjmp(scheduler->here, 1);
}

// A fiber's whole life: a thread of a block, then a thread of the next.
void live() {
    for (;;) {
        scheduler->launch->body();
        leave(State::Ended);
    }
}

void start(Fiber& fiber, uint32_t index) {
    if (fiber.stack == nullptr) {
        fiber.stack =
            mmap(nullptr, STACK + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        // Stacks grow down: who overruns his ends the process here, not in a neighbour's variables.
        mprotect(fiber.stack, PAGE, PROT_NONE);
    }
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = static_cast<uint8_t*>(fiber.stack) + PAGE;
    // Stacks that begin at the same place in their pages would fight for the same lines of the cache.
    context.uc_stack.ss_size = STACK - index % 61 * 256;
    context.uc_link = nullptr;
    makecontext(&context, live, 0);
    fiber.started = true;
    setcontext(&context);
}

// Runs a thread until it waits or ends.
void resume(uint32_t index) {
    Fiber& fiber = *scheduler->fibers[index];
    scheduler->running = &fiber;
    threadIdx = {index % blockDim.x, index / blockDim.x % blockDim.y, index / (blockDim.x * blockDim.y)};
    if (_setjmp(scheduler->here) != 0) return;
    if (fiber.started) _longjmp(fiber.here, 1);
    start(fiber, index);
}

std::string at(const Fiber& fiber) { return std::string(fiber.file) + ":" + std::to_string(fiber.line); }

bool same_place(const Fiber& a, const Fiber& b) {
    return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

// Whether all threads stand at one barrier, or all have ended.
std::string together(uint32_t threads) {
    const Fiber& first = *scheduler->fibers[0];
    for (uint32_t i = 1; i < threads; i++) {
        const Fiber& other = *scheduler->fibers[i];
        if (other.state != first.state) {
            return "threads ended while others wait at " + at(first.state == State::Waiting ? first : other);
        }
        if (first.state == State::Waiting && !same_place(first, other)) {
            return "threads wait at " + at(first) + " and at " + at(other);
        }
    }
    return "";
}

std::string run_block(uint32_t threads) {
    std::vector<uint32_t> order(threads);
    for (uint32_t i = 0; i < threads; i++) {
        order[i] = i;
        scheduler->fibers[i]->state = State::Ready;
    }
    do {
        scheduler->random->shuffle(order);
        for (uint32_t index : order) resume(index);
        std::string wrong = together(threads);
        if (!wrong.empty()) return wrong;
    } while (scheduler->fibers[0]->state == State::Waiting);
    for (const auto& piece : scheduler->shared) {
        if (!piece.second.intact()) return "shared memory was written outside of its bounds";
    }
    return "";
}

std::string run_blocks(const Launch& launch, uint32_t threads) {
    std::vector<uint32_t> order(launch.grid.x * launch.grid.y * launch.grid.z);
    for (uint32_t i = 0; i < order.size(); i++) order[i] = i;
    scheduler->random->shuffle(order);
    for (uint32_t block : order) {
        blockIdx = {block % gridDim.x, block / gridDim.x % gridDim.y, block / (gridDim.x * gridDim.y)};
        scheduler->shared.clear();
        shared(nullptr, launch.dynamic_bytes);
        std::string wrong = run_block(threads);
        if (!wrong.empty()) return wrong;
    }
    return "";
}

}  // namespace

void barrier(const char* file, int line) {
    scheduler->running->file = file;
    scheduler->running->line = line;
    leave(State::Waiting);
}

void* shared(const void* place, size_t bytes) {
    for (const auto& piece : scheduler->shared) {
        if (piece.first == place) return piece.second.data();
    }
    scheduler->shared.emplace_back(place, Guarded(bytes, *scheduler->random));
    return scheduler->shared.back().second.data();
}

void* shared_dynamic() { return shared(nullptr, 0); }

std::string run(const Launch& launch, Random& random) {
    uint32_t threads = launch.block.x * launch.block.y * launch.block.z;
    if (scheduler == nullptr) {
        owner = std::make_unique<Scheduler>();
        scheduler = owner.get();
    }
    while (scheduler->fibers.size() < threads) scheduler->fibers.push_back(std::make_unique<Fiber>());
    scheduler->launch = &launch;
    scheduler->random = &random;
    gridDim = launch.grid;
    blockDim = launch.block;
    std::string wrong = run_blocks(launch, threads);
    // Threads that stand in the middle of a kernel are given up.
    if (!wrong.empty()) scheduler->fibers.clear();
    return wrong;
}

}  // namespace aludel::host
