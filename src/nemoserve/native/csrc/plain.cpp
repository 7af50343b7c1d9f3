// Kernels in plain C++, for any machine; the compiler vectorises them as far as it can (NEON where that is there).
#include "attention.h"
#include "kernels.h"
#include "mamba.h"

namespace nemo {
namespace {

#include "common.inl"

template <int BITS>
void panel(const uint8_t *w, const uint16_t *scales, const Activations &a, int64_t first, int tokens, float *out) {
    for (int t = 0; t < tokens; t++) {
        const int8_t *q = a.q + (first + t) * a.groups * kGroup;
        const float *xs = a.scale + (first + t) * a.groups;
        const int32_t *offset = a.offset + (first + t) * a.groups;
        float sums[kPanel] = {};
        for (int64_t g = 0; g < a.groups; g++) {
            const uint8_t *data = w + g * kPanel * kGroup * BITS / 8;
            int32_t dots[kPanel];
            for (int r = 0; r < kPanel; r++) dots[r] = offset[g];
            for (int quad = 0; quad < 8; quad++) {
                const uint8_t *values = data + (BITS == 4 ? quad % 4 : quad) * 64;
                const int8_t *x = q + g * kGroup + quad * 4;
                const int shift = BITS == 4 && quad >= 4 ? 4 : 0;
                for (int r = 0; r < kPanel; r++) {
                    for (int i = 0; i < 4; i++) {
                        const int32_t v = BITS == 4 ? (values[r * 4 + i] >> shift) & 15 : values[r * 4 + i];
                        dots[r] += v * x[i];
                    }
                }
            }
            for (int r = 0; r < kPanel; r++) sums[r] += float(dots[r]) * wide(scales[g * kPanel + r]) * xs[g];
        }
        for (int r = 0; r < kPanel; r++) out[t * kPanel + r] = sums[r];
    }
}

// Sixteen floats, one after the other.
struct V {
    float lane[kPanel];
};

template <class Op>
inline V lanewise(const Op &op) {
    V out;
    for (int i = 0; i < kPanel; i++) out.lane[i] = op(i);
    return out;
}

inline V set(float x) {
    return lanewise([&](int) { return x; });
}
inline V load(const float *p) {
    return lanewise([&](int i) { return p[i]; });
}
inline V load(const float *p, int lanes) {
    return lanewise([&](int i) { return i < lanes ? p[i] : 0.0f; });
}
// bfloat16s, as floats.
inline V load(const uint16_t *p, int lanes = kPanel) {
    return lanewise([&](int i) { return i < lanes ? wide(p[i]) : 0.0f; });
}
inline V load(const Half *p) {
    return lanewise([&](int i) {
        // The exponent moves from a bias of 15 to one of 127; what is too small for a whole one is a multiple of 2^-24.
        const uint32_t bits = p[i].bits, sign = bits >> 15 << 31, exponent = bits >> 10 & 31, fraction = bits & 1023;
        uint32_t wide = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
        float value = float(fraction) * 0x1p-24f;
        if (exponent > 0) {
            __builtin_memcpy(&value, &wide, 4);
        } else if (sign != 0) {
            value = -value;
        }
        return value;
    });
}
// The first and the second of 16 pairs of bfloat16s, as floats.
inline void load_pairs(const uint16_t *p, V &first, V &second) {
    first = lanewise([&](int i) { return wide(p[2 * i]); });
    second = lanewise([&](int i) { return wide(p[2 * i + 1]); });
}
inline void store(float *p, V x, int lanes = kPanel) {
    for (int i = 0; i < lanes; i++) p[i] = x.lane[i];
}
inline V operator+(V a, V b) {
    return lanewise([&](int i) { return a.lane[i] + b.lane[i]; });
}
inline V operator-(V a, V b) {
    return lanewise([&](int i) { return a.lane[i] - b.lane[i]; });
}
inline V operator*(V a, V b) {
    return lanewise([&](int i) { return a.lane[i] * b.lane[i]; });
}
inline V operator/(V a, V b) {
    return lanewise([&](int i) { return a.lane[i] / b.lane[i]; });
}
inline V fma(V a, V b, V c) { return a * b + c; }
inline V larger(V a, V b) {
    return lanewise([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
inline V smaller(V a, V b) {
    return lanewise([&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
}
// 2^n for whole n from -126 to 127.
inline V power_of_two(V n) {
    return lanewise([&](int i) {
        const uint32_t bits = uint32_t(int32_t(n.lane[i]) + 127) << 23;
        float value;
        __builtin_memcpy(&value, &bits, 4);
        return value;
    });
}
inline float sum(V x) {
    float total = 0.0f;
    for (int i = 0; i < kPanel; i++) total += x.lane[i];
    return total;
}

// The sums of four vectors, side by side.
inline void sum4(const V (&x)[4], float *out) {
    for (int i = 0; i < 4; i++) out[i] = sum(x[i]);
}

constexpr int kSums = 4, kTokens = 4;  // that stay in registers beside what they are made of; tokens of a tile

#include "target.inl"

#include "by_panel.inl"

#include "floats.inl"

#include "mamba.inl"

#include "attention.inl"

}  // namespace

const Kernels kPlain = {
    "plain", quantise, ints<4>, ints<8>, false, floats<Tile<Half>>, floats<PairTile>, floats<Tile<float>>, round16, mamba_tokens, attend<float>,
    attend<uint16_t>, attend_prompt<Wide<float>>, attend_prompt<Wide<uint16_t>>, norm, squared_relu};

}  // namespace nemo
