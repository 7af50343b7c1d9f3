// A pool of threads that share loops. Knows nothing of what the loops compute.
#pragma once

#include <cstdint>

namespace nemo {

// Total threads, the caller among them; takes effect with the next loop. Less than 1 counts as 1.
void set_threads(int count);
int threads();

// Calls body(context, begin, end) for pieces of [0, count), each at most `piece` long, on all threads; returns when all are done.
// Loops of several callers come one after the other. A body must not start a loop itself.
void loop(int64_t count, int64_t piece, void (*body)(void *context, int64_t begin, int64_t end), void *context);

template <class Body>
void loop(int64_t count, int64_t piece, const Body &body) {
    loop(
        count, piece, [](void *context, int64_t begin, int64_t end) { (*static_cast<const Body *>(context))(begin, end); },
        const_cast<Body *>(&body));
}

}  // namespace nemo
