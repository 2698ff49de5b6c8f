// Streams.
//
// A stream does its work when somebody waits for it, or when chance moves it on (queue.h), so that work which does not wait for what it
// needs comes too early under some seed.

#include <algorithm>

#include "../queue.h"
#include "calls.h"

using namespace aludel::host;

namespace {

// Waits for a stream, or for all of a device.
int synchronize(void* handle) {
    auto mine = turn();
    if (int code = checked(Kind::Synchronize)) return code;
    if (handle == nullptr) {
        finish(*current);
    } else {
        drain(*stream(handle));
    }
    return current->broken;
}

}  // namespace

extern "C" {

int cuCtxSynchronize() { return synchronize(nullptr); }

int cuStreamCreate(void** out, unsigned) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    current->streams.push_back(std::make_shared<Stream>());
    current->streams.back()->device = current;
    *out = new std::shared_ptr<Stream>(current->streams.back());
    Guard guard(machine().lock);
    machine().handles++;
    return SUCCESS;
}

int cuStreamDestroy_v2(void* handle) {
    auto mine = turn();
    if (current == nullptr || foreign(handle)) return INVALID_CONTEXT;
    auto* gone = static_cast<std::shared_ptr<Stream>*>(handle);
    drain(**gone);
    auto& streams = current->streams;
    streams.erase(std::find(streams.begin(), streams.end(), *gone));
    delete gone;
    Guard guard(machine().lock);
    machine().handles--;
    return current->broken;
}

int cuStreamSynchronize(void* handle) { return foreign(handle) ? INVALID_CONTEXT : synchronize(handle); }

// Whether a stream has done all that it was given. It does nothing more for being asked.
int cuStreamQuery(void* handle) {
    auto mine = turn();
    if (int code = checked(Kind::Any)) return code;
    if (foreign(handle)) return INVALID_CONTEXT;
    return handle == nullptr || stream(handle)->done == stream(handle)->given ? SUCCESS : NOT_READY;
}

}  // extern "C"
