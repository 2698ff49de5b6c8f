// The order in which streams do their work.
#pragma once

#include "machine.h"

namespace aludel::host {

// All of these hold the device's turn.

// Does all work of a stream, and what it waits for.
void drain(Device& device, Stream& stream);

// Does all work of a device, one stream after another in an order of chance.
void finish(Device& device);

// By chance, does some work of some stream.
void move_on(Device& device);

}  // namespace aludel::host
