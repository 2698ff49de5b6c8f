// The order in which streams do their work.
#pragma once

#include "machine.h"

namespace aludel::host {

// All of these hold the device's turn, and every turn where devices wait for each other.

// Does a stream's work until so much is done, and what that waits for.
void advance(Stream& stream, uint64_t until);

// Does all work of a stream.
void drain(Stream& stream);

// Does all work of a device, one stream after another in an order of chance.
void finish(Device& device);

// By chance, does some work of some stream.
void move_on(Device& device);

}  // namespace aludel::host
