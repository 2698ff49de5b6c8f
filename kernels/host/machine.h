// The devices of the stand-in: memory, errors, and what a test has ordered to fail.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "guarded.h"
#include "shim.h"

namespace aludel::host {

// The driver's numbers (cuda.h) for what we return.
enum Result : int {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NOT_INITIALIZED = 3,
    DEVICE_UNAVAILABLE = 46,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_IMAGE = 200,
    INVALID_CONTEXT = 201,
    ECC_UNCORRECTABLE = 214,
    INVALID_HANDLE = 400,
    NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
    LAUNCH_OUT_OF_RESOURCES = 701,
    CONTEXT_IS_DESTROYED = 709,
    LAUNCH_FAILED = 719,
};

// Calls that a test can make fail; a call is of Any kind and of its own.
enum class Kind : int { Any = 0, Allocate = 1, Launch = 2, Copy = 3, Synchronize = 4, Load = 5, Peer = 6 };

struct Device;
struct Stream;

// Work that a stream has been given: something to do, or all that another stream was given up to some point.
struct Work {
    std::function<void()> run;
    // Whether it is done even on a broken device: memory is freed.
    bool always = false;
    std::shared_ptr<Stream> other;
    uint64_t until = 0;
};

// A queue. Nothing in it is done before somebody waits for it, or chance moves it on.
struct Stream {
    Device* device = nullptr;
    std::deque<Work> queue;
    uint64_t given = 0;
    uint64_t done = 0;
};

// A place in a stream, and the time when the stream came by, if it has.
struct Mark {
    std::shared_ptr<Stream> stream;
    uint64_t until = 0;
    bool passed = false;
    std::chrono::steady_clock::time_point when;
};

// Marks one place after another; who waits for it waits for the place that it marked then.
struct Event {
    Device* device = nullptr;
    bool timed = true;
    std::shared_ptr<Mark> mark;
};

// Memory of the host that a device reads and writes when its turn comes. It belongs to a context.
struct Pinned {
    Device* owner;
    Guarded memory;
};

struct Device {
    // Held through every call that gives work to the device or waits for it. Taken before the machine's.
    std::recursive_mutex turn;
    std::vector<std::shared_ptr<Stream>> streams;
    int ordinal = 0;
    uint64_t total = 0;
    uint64_t used = 0;
    int retained = 0;
    // Who may have a context: 0 for everybody (CUcomputemode).
    int compute_mode = 0;
    // What every call returns once the context is broken.
    int broken = SUCCESS;
    std::map<uintptr_t, Guarded> memory;
};

// An order: the call of this kind after `after` others returns `code`.
struct Fault {
    Kind kind;
    int64_t after;
    int code;
};

// CUDA's that the driver has to begin with, 12.8.
constexpr int VERSION = 12080;

// All state; whoever touches it holds `lock`.
struct Machine {
    std::mutex lock;
    std::vector<std::unique_ptr<Device>> devices;
    std::vector<Fault> faults;
    std::map<std::string, Kernel> kernels;
    std::map<std::string, std::pair<void*, size_t>> symbols;
    std::map<uintptr_t, Pinned> pinned;
    // Whether work of one device waits, or waited, for work of another. Written with every turn held, read with one.
    bool linked = false;
    uint64_t seed = 1;
    uint64_t drawn = 0;
    // What the driver says of itself, and of every kernel: bytes of local memory of a thread.
    int version = VERSION;
    int local_bytes = 0;
    int64_t handles = 0;
    int64_t lost_bytes = 0;
    std::string complaint;

    Random random() { return Random(seed * 0x2545f4914f6cdd1d + drawn++); }
};

Machine& machine();

// The context that is current on this thread of the machine, or null.
extern thread_local Device* current;

// Whether an error leaves the context unusable, as it does in CUDA.
bool breaks(int code);

// What a test has ordered for a call of a kind. The lock is held.
int injected(Kind kind);

// What a call of a kind returns before it does anything. The lock is held.
int enter(Kind kind);

// Checks the zones around every piece of a device's memory.
bool intact(const Device& device);

}  // namespace aludel::host
