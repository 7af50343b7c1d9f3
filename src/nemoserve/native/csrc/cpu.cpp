#include "cpu.h"

#include <atomic>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace nemo {
namespace {

#if defined(__x86_64__)
// The registers that the operating system saves (XCR0). Not __builtin_cpu_supports: not every compiler's runtime has it.
uint64_t saved_registers() {
    uint32_t low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return uint64_t(high) << 32 | low;
}

struct Abilities {
    bool avx2 = false, avx512 = false, bf16 = false;

    Abilities() {
        uint32_t a, b, c, d;
        if (!__get_cpuid(1, &a, &b, &c, &d)) return;
        const bool fma = c & (1u << 12), saves = c & (1u << 27);
        if (!saves) return;
        const uint64_t registers = saved_registers();
        if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
        avx2 = fma && (b & (1u << 5)) && (registers & 0x6) == 0x6;
        const bool foundation = b & (1u << 16), dq = b & (1u << 17), bw = b & (1u << 30), vl = b & (1u << 31);
        const bool vnni = c & (1u << 11);
        avx512 = avx2 && foundation && dq && bw && vl && vnni && (registers & 0xe6) == 0xe6;
        if (!__get_cpuid_count(7, 1, &a, &b, &c, &d)) return;
        bf16 = avx512 && (a & (1u << 5));
    }
};

const Abilities &abilities() {
    static const Abilities found;
    return found;
}
#endif

std::atomic<const Kernels *> chosen{nullptr};

const Kernels *best() {
#if defined(__x86_64__)
    if (abilities().bf16) return &avx512_bf16();
    if (abilities().avx512) return &kAvx512;
    if (abilities().avx2) return &kAvx2;
#endif
    return &kPlain;
}

}  // namespace

const Kernels &kernels() {
    const Kernels *k = chosen.load(std::memory_order_acquire);
    if (k == nullptr) {
        k = best();
        chosen.store(k, std::memory_order_release);
    }
    return *k;
}

bool use(const char *name) {
    const Kernels *k = nullptr;
    if (std::strcmp(name, kPlain.name) == 0) k = &kPlain;
#if defined(__x86_64__)
    if (abilities().avx2 && std::strcmp(name, kAvx2.name) == 0) k = &kAvx2;
    if (abilities().avx512 && std::strcmp(name, kAvx512.name) == 0) k = &kAvx512;
    if (abilities().bf16 && std::strcmp(name, avx512_bf16().name) == 0) k = &avx512_bf16();
#endif
    if (k != nullptr) chosen.store(k, std::memory_order_release);
    return k != nullptr;
}

}  // namespace nemo
