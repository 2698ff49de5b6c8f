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

// The sanitizers write their reports on the stack of the thread that they stop.
constexpr size_t STACK = (SANITIZED ? 512 : 256) * 1024;
constexpr size_t PAGE = 4096;

enum class State { Ready, Waiting, Ended };

// A thread of CUDA: a stack of its own, and where it stands. Made once, and used by one block after another.
struct Fiber {
    jmp_buf here;
    void* memory = nullptr;
    Stack stack;
    State state = State::Ended;
    bool started = false;
    const char* file = nullptr;
    int line = 0;

    ~Fiber() {
        if (memory == nullptr) return;
        // What was said of its frames does not hold for who gets these addresses next.
        allow(stack.bottom, stack.bytes);
        munmap(memory, STACK + PAGE);
    }
};

// What one thread of the machine runs.
struct Scheduler {
    std::vector<std::unique_ptr<Fiber>> fibers;
    Fiber* running = nullptr;
    const Launch* launch = nullptr;
    jmp_buf here;
    // Of the machine's thread itself.
    Stack stack;
    Random* random = nullptr;
    std::vector<std::pair<const void*, Guarded>> shared;
};

// Reached by a pointer, which costs an access of a few instructions; made at a thread's first launch, gone with the thread.
OWN_THREAD_LOCAL Scheduler* scheduler = nullptr;
thread_local std::unique_ptr<Scheduler> owner;

UNCHECKED void leave(State state) {
    Fiber* self = scheduler->running;
    self->state = state;
    depart(self->stack, scheduler->stack);
    if (_setjmp(self->here) == 0) jump(scheduler->here);
    arrive(self->stack, &scheduler->stack);
}

// A fiber's whole life: a thread of a block, then a thread of the next.
void live() {
    arrive(scheduler->running->stack, &scheduler->stack);
    for (;;) {
        scheduler->launch->body();
        leave(State::Ended);
    }
}

void take_stack(Fiber& fiber) {
    fiber.memory =
        mmap(nullptr, STACK + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    // Stacks grow down: who overruns his ends the process here, not in a neighbour's variables.
    mprotect(fiber.memory, PAGE, PROT_NONE);
    fiber.stack.bottom = static_cast<uint8_t*>(fiber.memory) + PAGE;
    fiber.stack.bytes = STACK;
}

UNCHECKED void start(Fiber& fiber, uint32_t index) {
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = static_cast<uint8_t*>(fiber.memory) + PAGE;
    // Stacks that begin at the same place in their pages would fight for the same lines of the cache.
    context.uc_stack.ss_size = STACK - index % 61 * 256;
    context.uc_link = nullptr;
    makecontext(&context, live, 0);
    fiber.started = true;
    setcontext(&context);
}

// Runs a thread until it waits or ends.
UNCHECKED void resume(uint32_t index) {
    Fiber& fiber = *scheduler->fibers[index];
    if (fiber.memory == nullptr) take_stack(fiber);
    scheduler->running = &fiber;
    threadIdx = {index % blockDim.x, index / blockDim.x % blockDim.y, index / (blockDim.x * blockDim.y)};
    depart(scheduler->stack, fiber.stack);
    if (_setjmp(scheduler->here) == 0) {
        if (fiber.started) jump(fiber.here);
        start(fiber, index);
    }
    arrive(scheduler->stack, nullptr);
    scheduler->running = nullptr;
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

std::string running_thread() {
    if (scheduler == nullptr || scheduler->running == nullptr) return "";
    auto words = [](Dim3 at) {
        return "(" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " + std::to_string(at.z) + ")";
    };
    return "thread " + words(threadIdx) + " of block " + words(blockIdx);
}

std::string of_shared(const void* address) {
    if (scheduler == nullptr) return "";
    for (const auto& piece : scheduler->shared) {
        if (piece.second.beside(address)) return piece.second.place(address) + " of shared memory";
    }
    return "";
}

}  // namespace aludel::host
