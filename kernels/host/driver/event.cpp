// Events: marks in streams, that other streams and the host wait for, and the time between two of them.

#include "../queue.h"
#include "calls.h"

using namespace aludel::host;

namespace {

constexpr unsigned DISABLE_TIMING = 2;

// An event whose time can be asked for, or what the driver says of it (CUDA driver API reference, cuEventElapsedTime).
int timed(const Event& event) {
    if (!event.timed || event.mark == nullptr) return INVALID_HANDLE;
    return event.mark->passed ? SUCCESS : NOT_READY;
}

}  // namespace

extern "C" {

int cuEventCreate(void** out, unsigned flags) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    auto* event = new Event;
    event->device = current;
    event->timed = (flags & DISABLE_TIMING) == 0;
    *out = event;
    Guard guard(machine().lock);
    machine().handles++;
    return SUCCESS;
}

int cuEventDestroy_v2(void* event) {
    auto mine = turn();
    delete static_cast<Event*>(event);
    Guard guard(machine().lock);
    machine().handles--;
    return current == nullptr ? INVALID_CONTEXT : current->broken;
}

int cuEventRecord(void* handle, void* to) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    auto* event = static_cast<Event*>(handle);
    if (event->device != current || foreign(to)) return INVALID_HANDLE;
    auto mark = std::make_shared<Mark>();
    mark->stream = stream(to);
    mark->until = to == nullptr ? 0 : mark->stream->given + 1;
    event->mark = mark;
    Work work;
    // A mark is passed on a broken device too: nobody waits for ever.
    work.always = true;
    work.run = [mark] {
        mark->passed = true;
        mark->when = std::chrono::steady_clock::now();
    };
    return give(to, std::move(work));
}

// Of another device's event as well: then their work is linked.
int cuStreamWaitEvent(void* handle, void* awaited, unsigned) {
    auto* event = static_cast<Event*>(awaited);
    auto mine = turn(event->device != current);
    if (int code = checked(Kind::Any)) return code;
    // An event that marked nothing is not waited for.
    if (event->mark == nullptr) return foreign(handle) ? INVALID_CONTEXT : SUCCESS;
    Work work;
    work.other = event->mark->stream;
    work.until = event->mark->until;
    return give(handle, std::move(work));
}

int cuEventSynchronize(void* handle) {
    auto mine = turn();
    if (int code = checked(Kind::Synchronize)) return code;
    auto* event = static_cast<Event*>(handle);
    if (event->mark != nullptr && event->mark->stream != nullptr) advance(*event->mark->stream, event->mark->until);
    return current->broken;
}

int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    auto* from = static_cast<Event*>(start);
    auto* to = static_cast<Event*>(end);
    if (from->device != to->device) return INVALID_HANDLE;
    for (const auto* event : {from, to}) {
        int code = timed(*event);
        if (code == INVALID_HANDLE) return code;
    }
    if (timed(*from) == NOT_READY || timed(*to) == NOT_READY) return NOT_READY;
    *milliseconds = std::chrono::duration<float, std::milli>(to->mark->when - from->mark->when).count();
    return SUCCESS;
}

}  // extern "C"
