// Runs every kernel over odd sizes in buffers of exactly the size that is promised, for the sanitizers to watch, and compares the
// sets with the plain one.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "cpu.h"
#include "kernels.h"
#include "linear.h"
#include "pool.h"

using namespace nemo;

namespace {

uint32_t state = 1;

float uniform() {
    state = state * 1664525u + 1013904223u;
    return float(state >> 8) / float(1 << 23) - 1.0f;
}

template <class T>
std::unique_ptr<T[]> filled(int64_t count, T (*make)()) {
    std::unique_ptr<T[]> made(new T[size_t(count)]);
    for (int64_t i = 0; i < count; i++) made[size_t(i)] = make();
    return made;
}

int failures = 0;

void compare(const char *what, const float *a, const float *b, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (!(std::fabs(a[i] - b[i]) <= 1e-3f * (1.0f + std::fabs(b[i])))) {
            std::printf("%s: %g, not %g, at %lld\n", what, double(a[i]), double(b[i]), (long long)i);
            failures++;
            return;
        }
    }
}

void one_linear(int bits, int64_t rows, int64_t columns, int64_t tokens) {
    const int64_t groups = groups_of(columns), panels = panels_of(rows);
    auto q = filled<int8_t>(rows * columns, [] { return int8_t(uniform() * 127.0f); });
    if (bits == 4) {
        for (int64_t i = 0; i < rows * columns; i++) q[size_t(i)] /= 16;
    }
    auto scales = filled<uint16_t>(rows * groups, [] { return uint16_t(0x3c00 + int(uniform() * 100.0f)); });
    auto values = filled<uint8_t>(panels * groups * 64 * bits, [] { return uint8_t(0); });
    auto packed = filled<uint16_t>(panels * groups * 16, [] { return uint16_t(0); });
    pack(bits, rows, columns, q.get(), scales.get(), values.get(), packed.get());
    const QuantisedWeight w = {bits, rows, columns, values.get(), packed.get()};
    auto x = filled<float>(tokens * columns, uniform);
    auto bias = filled<float>(rows, uniform);
    auto residual = filled<float>(tokens * rows, uniform);
    auto wanted = filled<float>(tokens * rows, uniform);
    auto got = filled<float>(tokens * rows, uniform);
    linear(kPlain, w, bias.get(), tokens, x.get(), residual.get(), wanted.get());
    for (const char *name : {"plain", "avx2", "avx512-vnni"}) {
        if (!use(name)) continue;
        linear(kernels(), w, bias.get(), tokens, x.get(), residual.get(), got.get());
        compare(name, got.get(), wanted.get(), tokens * rows);
        linear(kernels(), w, nullptr, tokens, x.get(), nullptr, got.get());
    }
}

void linears() {
    for (int bits : {4, 8}) {
        for (int64_t rows : {1, 15, 16, 33}) {
            for (int64_t columns : {1, 31, 32, 95}) {
                for (int64_t tokens : {1, 2, 7, 9}) one_linear(bits, rows, columns, tokens);
            }
        }
        one_linear(bits, 200, 65, 140);
    }
    auto x = filled<float>(64, [] { return NAN; });
    x[3] = INFINITY;
    x[40] = 3e38f;
    int8_t q[64];
    float scale[2];
    int32_t offset[2];
    for (const char *name : {"plain", "avx2", "avx512-vnni"}) {
        if (use(name)) kernels().quantise(x.get(), 64, 2, 128, q, scale, offset);
    }
}

}  // namespace

int main() {
    for (int count : {1, 3}) {
        set_threads(count);
        linears();
    }
    set_threads(1);
    std::printf(failures == 0 ? "all sets agree\n" : "%d differences\n", failures);
    return failures != 0;
}
