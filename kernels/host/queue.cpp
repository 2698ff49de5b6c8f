#include "queue.h"

#include <algorithm>

namespace aludel::host {
namespace {

uint64_t chance() {
    std::lock_guard<std::mutex> guard(machine().lock);
    return machine().random().next();
}

}  // namespace

void advance(Stream& stream, uint64_t until) {
    while (stream.done < until) {
        Work work = std::move(stream.queue.front());
        stream.queue.pop_front();
        stream.done++;
        if (work.other != nullptr) advance(*work.other, work.until);
        if (work.run && (work.always || stream.device->broken == SUCCESS)) work.run();
    }
}

void drain(Stream& stream) { advance(stream, stream.given); }

void finish(Device& device) {
    size_t first = device.streams.empty() ? 0 : chance() % device.streams.size();
    for (size_t i = 0; i < device.streams.size(); i++) drain(*device.streams[(first + i) % device.streams.size()]);
}

void move_on(Device& device) {
    uint64_t drawn = chance();
    if (drawn % 2 == 0) return;
    Stream& stream = *device.streams[(drawn >> 8) % device.streams.size()];
    uint64_t some = (drawn >> 40) % 4;
    advance(stream, std::min(stream.given, stream.done + some));
}

}  // namespace aludel::host
