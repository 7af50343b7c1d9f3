// Runs every kernel over odd sizes in buffers of exactly the size that is promised, for the sanitizers to watch, and compares the
// sets with the plain one.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <utility>

#include "attention.h"
#include "cpu.h"
#include "kernels.h"
#include "linear.h"
#include "mamba.h"
#include "pool.h"

using namespace nemo;

namespace {

constexpr const char *kSets[] = {"plain", "avx2", "avx512-vnni", "avx512-bf16"};

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

void compare(const char *what, const float *a, const float *b, int64_t count, float allowed = 1e-3f) {
    for (int64_t i = 0; i < count; i++) {
        if (!(std::fabs(a[i] - b[i]) <= allowed * (1.0f + std::fabs(b[i])))) {
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
    const Weight w = {int64_t(bits), rows, columns, values.get(), packed.get()};
    auto x = filled<float>(tokens * columns, uniform);
    auto bias = filled<float>(rows, uniform);
    auto residual = filled<float>(tokens * rows, uniform);
    auto wanted = filled<float>(tokens * rows, uniform);
    auto got = filled<float>(tokens * rows, uniform);
    linear(kPlain, w, bias.get(), tokens, x.get(), residual.get(), wanted.get());
    for (const char *name : kSets) {
        if (!use(name)) continue;
        linear(kernels(), w, bias.get(), tokens, x.get(), residual.get(), got.get());
        compare(name, got.get(), wanted.get(), tokens * rows);
        linear(kernels(), w, nullptr, tokens, x.get(), nullptr, got.get());
    }
}

uint16_t bf16(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, 4);
    return uint16_t(bits >> 16);
}

void one_float_linear(Kind kind, int64_t rows, int64_t columns, int64_t tokens) {
    const int64_t panels = panels_of(rows), units = kind == kBfloat16 ? (columns + 1) / 2 : columns;
    auto values = filled<float>(panels * units * 16, uniform);
    if (kind == kBfloat16) {
        uint16_t *halves = reinterpret_cast<uint16_t *>(values.get());
        for (int64_t i = 0; i < panels * units * 32; i++) {
            halves[i] = i / 2 % 16 < rows && (i % 2 == 0 || i / 32 % units * 2 + 1 < columns) ? bf16(uniform()) : uint16_t(0);
        }
    }
    if (kind == kFloat16) {
        uint16_t *halves = reinterpret_cast<uint16_t *>(values.get());
        for (int64_t i = 0; i < panels * units * 16; i++) {
            halves[i] = i % 16 < rows ? uint16_t((uniform() < 0 ? 0x8000 : 0) | int(0x3c00 * std::fabs(uniform()))) : uint16_t(0);
        }
    }
    const Weight w = {kind, rows, columns, reinterpret_cast<const uint8_t *>(values.get()), nullptr};
    auto x = filled<float>(tokens * columns, uniform), bias = filled<float>(rows, uniform), residual = filled<float>(tokens * rows, uniform);
    for (int64_t i = 0; i < tokens * columns; i++) {  // numbers that bfloat16 holds, as not every set rounds them to it
        const uint32_t kept = uint32_t(bf16(x[size_t(i)])) << 16;
        std::memcpy(&x[size_t(i)], &kept, 4);
    }
    auto wanted = filled<float>(tokens * rows, uniform), got = filled<float>(tokens * rows, uniform);
    linear(kPlain, w, bias.get(), tokens, x.get(), residual.get(), wanted.get());
    for (const char *name : kSets) {
        if (!use(name)) continue;
        linear(kernels(), w, bias.get(), tokens, x.get(), residual.get(), got.get());
        compare(name, got.get(), wanted.get(), tokens * rows);
        linear(kernels(), w, nullptr, tokens, x.get(), nullptr, got.get());
    }
}

void linears() {
    for (Kind kind : {kFloat16, kBfloat16, kFloat32}) {
        for (int64_t rows : {1, 16, 33, 70}) {
            for (int64_t columns : {1, 31, 64}) {
                for (int64_t tokens : {1, 2, 3, 5, 6, 7, 17}) one_float_linear(kind, rows, columns, tokens);
            }
        }
        one_float_linear(kind, 250, 33, 140);
    }
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
    for (const char *name : kSets) {
        if (use(name)) kernels().quantise(x.get(), 64, 2, 128, q, scale, offset);
    }
}

void one_mamba(int64_t groups, int64_t per_group, int64_t head_dim, int64_t state_size, int64_t kernel, int64_t length) {
    MambaLayer m = {groups * per_group, head_dim, groups, state_size, kernel, 0.001f, 0.5f, 1e-5f, nullptr, nullptr, nullptr, nullptr, nullptr};
    auto taps = filled<float>(kernel * m.channels(), uniform);
    auto dt_bias = filled<float>(m.heads, uniform);
    auto a = filled<float>(m.heads, [] { return -1.0f - 10.0f * std::fabs(uniform()); });
    auto d = filled<float>(m.heads, uniform);
    auto norm = filled<float>(m.inner(), uniform);
    m.taps = taps.get(), m.dt_bias = dt_bias.get(), m.a = a.get(), m.d = d.get(), m.norm = norm.get();
    const int64_t rows = 3, conv_size = rows * kernel * m.channels(), state_count = rows * groups * state_size * m.width();
    auto projected = filled<float>(length * m.projected(), uniform);
    auto conv = filled<float>(conv_size, uniform);
    auto state_start = filled<float>(state_count, uniform);
    std::unique_ptr<float[]> results[2];
    const int64_t first = 0;
    for (int64_t steps : {int64_t(1), int64_t(0)}) {  // token by token, and as runs: the results are the same
        for (const char *name : kSets) {
            if (!use(name)) continue;
            std::unique_ptr<float[]> c(new float[size_t(conv_size)]), s(new float[size_t(state_count)]);
            std::memcpy(c.get(), conv.get(), size_t(conv_size) * 4);
            std::memcpy(s.get(), state_start.get(), size_t(state_count) * 4);
            auto y = filled<float>(length * m.inner(), uniform);
            if (steps) {
                for (int64_t t = 0; t < length; t++) {
                    mamba_step(kernels(), m, 1, &first, projected.get() + t * m.projected(), c.get(), s.get(), y.get() + t * m.inner());
                }
            } else {
                mamba_run(kernels(), m, length, projected.get(), c.get(), s.get(), y.get());
            }
            if (results[0] == nullptr) {
                results[0] = std::move(y);
                results[1] = std::move(s);
            } else {
                compare(name, y.get(), results[0].get(), length * m.inner());
                compare(name, s.get(), results[1].get(), state_count);
            }
        }
    }
    if (length >= rows) {
        auto y = filled<float>(rows * m.inner(), uniform);
        const int64_t slots[3] = {2, 0, 1};
        mamba_step(kernels(), m, rows, slots, projected.get(), conv.get(), state_start.get(), y.get());
    }
}

void mambas() {
    one_mamba(1, 1, 1, 1, 1, 3);
    one_mamba(2, 3, 5, 7, 4, 70);
    one_mamba(1, 2, 33, 16, 2, 5);
    one_mamba(2, 1, 80, 19, 4, 131);
}

// Pages in another order than they lie in.
std::unique_ptr<int32_t[]> shuffled(int64_t count) {
    std::unique_ptr<int32_t[]> made(new int32_t[size_t(count)]);
    for (int64_t i = 0; i < count; i++) made[size_t(i)] = int32_t(count - 1 - i);
    return made;
}

void one_attention(int64_t kv_heads, int64_t queries, int64_t head_dim, int64_t rows, int64_t room) {
    const AttentionLayer layer = {kv_heads * queries, kv_heads, head_dim, 1};
    const int64_t most = (room + kPage - 1) / kPage, page = (kv_heads + 1) * kPage * head_dim, size = rows * most * page;
    const int64_t q_row = layer.heads * head_dim, k_row = kv_heads * head_dim;
    auto keys = filled<float>(size, uniform), values = filled<float>(size, uniform);
    auto q = filled<float>(rows * q_row, uniform), k = filled<float>(rows * k_row, uniform), v = filled<float>(rows * k_row, uniform);
    auto wanted = filled<float>(rows * q_row, uniform), got = filled<float>(rows * q_row, uniform);
    auto table = shuffled(rows * most);
    std::unique_ptr<int64_t[]> lengths(new int64_t[size_t(rows)]), slots(new int64_t[size_t(rows)]);
    for (int64_t row = 0; row < rows; row++) {
        lengths[size_t(row)] = row == 0 ? room - 1 : row % room;
        slots[size_t(row)] = rows - 1 - row;
    }
    const KeysAndValues kv = {keys.get(), values.get(), page, table.get(), most, slots.get(), lengths.get(), 4};
    attention(kPlain, layer, kv, rows, q.get(), q_row, k.get(), k_row, v.get(), k_row, wanted.get());
    for (const char *name : kSets) {
        if (!use(name)) continue;
        attention(kernels(), layer, kv, rows, q.get(), q_row, k.get(), k_row, v.get(), k_row, got.get());
        compare(name, got.get(), wanted.get(), rows * q_row);
    }
    // Half as long as bfloat16s; any bits but infinities and the like will do.
    auto narrow = filled<uint16_t>(size, [] { return uint16_t(0x3f00 + int(64 * uniform())); });
    KeysAndValues half = kv;
    half.keys = half.values = narrow.get();
    half.bytes = 2;
    attention(kPlain, layer, half, rows, q.get(), q_row, k.get(), k_row, v.get(), k_row, wanted.get());
    for (const char *name : kSets) {
        if (!use(name)) continue;
        attention(kernels(), layer, half, rows, q.get(), q_row, k.get(), k_row, v.get(), k_row, got.get());
        compare(name, got.get(), wanted.get(), rows * q_row, kernels().pairs ? 3e-2f : 1e-3f);
    }
}

void one_prompt(int64_t kv_heads, int64_t queries, int64_t head_dim, int64_t start, int64_t tokens) {
    const int64_t heads = kv_heads * queries, count = (start + tokens + kPage - 1) / kPage, page = kv_heads * kPage * head_dim, size = count * page, row = (heads + 2 * kv_heads) * head_dim;
    auto qkv = filled<float>(tokens * row, uniform), keys = filled<float>(size, uniform), values = filled<float>(size, uniform);
    auto wanted = filled<float>(tokens * heads * head_dim, uniform), got = filled<float>(tokens * heads * head_dim, uniform);
    std::unique_ptr<uint16_t[]> narrow[2];
    for (auto &made : narrow) made = filled<uint16_t>(size, [] { return bf16(uniform()); });
    auto pages = shuffled(count);
    const float *q = qkv.get(), *k = q + heads * head_dim, *v = k + kv_heads * head_dim;
    PromptAttention p = {heads, kv_heads, head_dim, start, tokens, q, k, v, row, row, row, keys.get(), values.get(), pages.get(), page, 4, wanted.get()};
    for (int64_t bytes : {4, 2}) {
        p.bytes = bytes;
        if (bytes == 2) p.keys = narrow[0].get(), p.values = narrow[1].get();
        p.y = wanted.get();
        prompt_attention(kPlain, p);
        p.y = got.get();
        for (const char *name : kSets) {
            if (!use(name)) continue;
            prompt_attention(kernels(), p);
            const bool rounds = bytes == 2 && kernels().pairs;  // queries and weights, to bfloat16
            compare(name, got.get(), wanted.get(), tokens * heads * head_dim, rounds ? 3e-2f : 1e-3f);
        }
    }
}

void attentions() {
    one_prompt(1, 1, 1, 0, 1);
    one_prompt(2, 3, 20, 70, 50);
    one_prompt(3, 1, 33, 3, 130);
    one_prompt(1, 64, 8, 65, 3);
    one_attention(1, 1, 1, 1, 1);
    one_attention(3, 2, 24, 5, 37);
    one_attention(2, 5, 128, 2, 150);
    one_attention(1, 3, 8, 2, 2100);
    one_attention(1, 2, 4128, 2, 9);
    one_attention(2, 19, 32, 1, 67);
    for (int64_t width : {1, 15, 16, 100}) {
        auto x = filled<float>(3 * width, uniform), weight = filled<float>(width, uniform);
        auto wanted = filled<float>(3 * width, uniform), got = filled<float>(3 * width, uniform);
        norms(kPlain, 3, width, weight.get(), 1e-5f, x.get(), wanted.get());
        for (const char *name : kSets) {
            if (!use(name)) continue;
            norms(kernels(), 3, width, weight.get(), 1e-5f, x.get(), got.get());
            compare(name, got.get(), wanted.get(), 3 * width);
            kernels().squared_relu(3 * width, got.get());
        }
    }
}

}  // namespace

int main() {
    for (int count : {1, 3}) {
        set_threads(count);
        linears();
        mambas();
        attentions();
    }
    set_threads(1);
    std::printf(failures == 0 ? "all sets agree\n" : "%d differences\n", failures);
    return failures != 0;
}
