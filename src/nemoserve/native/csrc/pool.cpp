// Every thread has a run of a loop's pieces of its own, one behind the other in memory, and takes of the others' when it is done. Workers
// watch a counter for some microseconds after each loop, since the next one is usually near, and then sleep.
#include "pool.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nemo {
namespace {

constexpr int kSpins = 4000;  // some 50 to 100 microseconds

inline void pause_briefly() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

struct alignas(64) Run {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
};

struct Pool {
    std::mutex callers;  // one loop at a time
    std::vector<std::thread> workers;
    int wanted = 0;  // workers besides the caller

    std::mutex idle;
    std::condition_variable wake;
    std::atomic<uint64_t> generation{0};
    std::atomic<int> sleeping{0};
    std::atomic<bool> open{false};   // whether the loop below may be joined
    std::atomic<int> inside{0};      // workers that may be reading it
    std::atomic<bool> ending{false};

    std::unique_ptr<Run[]> runs;  // the caller's, then each worker's
    int64_t parts = 0, piece = 1;
    void (*body)(void *, int64_t, int64_t) = nullptr;
    void *context = nullptr;

    void share(int64_t own) {
        for (int64_t i = 0; i < parts; i++) {
            Run &run = runs[(own + i) % parts];
            for (;;) {
                const int64_t begin = run.next.fetch_add(piece, std::memory_order_relaxed);
                if (begin >= run.end) break;
                body(context, begin, begin + piece < run.end ? begin + piece : run.end);
            }
        }
    }

    void work(int64_t own, uint64_t seen) {
        for (;;) {
            for (int spin = 0; spin < kSpins && generation.load(std::memory_order_acquire) == seen; spin++) pause_briefly();
            if (generation.load(std::memory_order_acquire) == seen) {
                std::unique_lock<std::mutex> lock(idle);
                sleeping.fetch_add(1);
                wake.wait(lock, [&] { return generation.load() != seen; });
                sleeping.fetch_sub(1);
            }
            seen = generation.load(std::memory_order_acquire);
            if (ending.load()) return;
            // A worker that wakes late finds the loop closed, or joins the next one: nobody waits for a sleeper.
            inside.fetch_add(1);
            if (open.load()) share(own);
            inside.fetch_sub(1);
        }
    }

    void announce() {
        generation.fetch_add(1);
        if (sleeping.load() > 0) {
            // Taken and left at once: a worker between its last look and its sleep holds it.
            { std::lock_guard<std::mutex> lock(idle); }
            wake.notify_all();
        }
    }

    void stop() {
        if (workers.empty()) return;
        ending.store(true);
        {
            std::lock_guard<std::mutex> lock(idle);
            generation.fetch_add(1);
        }
        wake.notify_all();
        for (std::thread &worker : workers) worker.join();
        workers.clear();
        ending.store(false);
    }
};

Pool &pool() {
    static Pool *made = new Pool;  // never destroyed: workers may outlive main
    return *made;
}

}  // namespace

void set_threads(int count) {
    Pool &p = pool();
    std::lock_guard<std::mutex> lock(p.callers);
    p.wanted = count > 1 ? count - 1 : 0;
    if (int(p.workers.size()) != p.wanted) p.stop();
}

int threads() { return pool().wanted + 1; }

void loop(int64_t count, int64_t piece, void (*body)(void *, int64_t, int64_t), void *context) {
    if (count <= 0) return;
    Pool &p = pool();
    std::lock_guard<std::mutex> lock(p.callers);
    if (count <= piece || p.wanted == 0) {
        for (int64_t begin = 0; begin < count; begin += piece) body(context, begin, begin + piece < count ? begin + piece : count);
        return;
    }
    while (int(p.workers.size()) < p.wanted) p.workers.emplace_back(&Pool::work, &p, int64_t(p.workers.size()) + 1, p.generation.load());
    if (p.parts != p.wanted + 1) {
        p.parts = p.wanted + 1;
        p.runs.reset(new Run[std::size_t(p.parts)]);
    }
    p.body = body;
    p.context = context;
    p.piece = piece;
    const int64_t pieces = (count + piece - 1) / piece;
    for (int64_t i = 0; i < p.parts; i++) {
        const int64_t end = pieces * (i + 1) / p.parts * piece;
        p.runs[i].end = end < count ? end : count;
        p.runs[i].next.store(pieces * i / p.parts * piece, std::memory_order_relaxed);
    }
    p.open.store(true);
    p.announce();
    p.share(0);
    p.open.store(false);
    for (int spin = 0; p.inside.load() > 0; spin++) {
        if (spin < kSpins) {
            pause_briefly();
        } else {
            std::this_thread::yield();  // a worker has lost its core to somebody else
        }
    }
}

}  // namespace nemo
