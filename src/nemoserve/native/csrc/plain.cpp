// Kernels in plain C++, for any machine; the compiler vectorises them as far as it can (NEON where that is there).
#include "kernels.h"

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

}  // namespace

const Kernels kPlain = {"plain", quantise, panel<4>, panel<8>};

}  // namespace nemo
