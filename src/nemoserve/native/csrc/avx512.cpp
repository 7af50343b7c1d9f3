// Kernels for AVX-512 with VNNI. A panel's 16 rows are one register of sums.
#include <immintrin.h>

#include "attention.h"
#include "kernels.h"
#include "mamba.h"

namespace nemo {
namespace {

#include "common.inl"

inline __m512i quad_of(const int8_t *q) {
    int32_t four;
    __builtin_memcpy(&four, q, 4);
    return _mm512_set1_epi32(four);
}

template <int BITS, int TOKENS>
void tile(const uint8_t *w, const uint16_t *scales, const Activations &a, int64_t first, float *out) {
    const __m512i low = _mm512_set1_epi8(15);
    const int64_t groups = a.groups;
    const int8_t *q = a.q + first * groups * kGroup;
    const float *factors = a.scale + first * groups;
    const int32_t *offsets = a.offset + first * groups;
    __m512 sums[TOKENS];
    for (int t = 0; t < TOKENS; t++) sums[t] = _mm512_setzero_ps();
    for (int64_t g = 0; g < groups; g++) {
        const uint8_t *data = w + g * kPanel * kGroup * BITS / 8;
        __m512i values[8];
        for (int quad = 0; quad < 8; quad++) {
            if (BITS == 8) {
                values[quad] = _mm512_loadu_si512(data + quad * 64);
            } else if (quad < 4) {
                const __m512i packed = _mm512_loadu_si512(data + quad * 64);
                values[quad] = _mm512_and_si512(packed, low);
                values[quad + 4] = _mm512_and_si512(_mm512_srli_epi16(packed, 4), low);
            }
        }
        const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(scales + g * kPanel));
        const __m512 scale = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
        for (int t = 0; t < TOKENS; t++) {
            const int8_t *x = q + (t * groups + g) * kGroup;
            __m512i dots = _mm512_set1_epi32(offsets[t * groups + g]);
            if (TOKENS <= 2) {  // two chains, as there are few others to fill the pipeline
                __m512i others = _mm512_setzero_si512();
                for (int quad = 0; quad < 8; quad += 2) {
                    dots = _mm512_dpbusd_epi32(dots, values[quad], quad_of(x + quad * 4));
                    others = _mm512_dpbusd_epi32(others, values[quad + 1], quad_of(x + quad * 4 + 4));
                }
                dots = _mm512_add_epi32(dots, others);
            } else {
                for (int quad = 0; quad < 8; quad++) dots = _mm512_dpbusd_epi32(dots, values[quad], quad_of(x + quad * 4));
            }
            const __m512 factor = _mm512_set1_ps(factors[t * groups + g]);
            sums[t] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(dots), scale), factor, sums[t]);
        }
    }
    for (int t = 0; t < TOKENS; t++) _mm512_storeu_ps(out + t * kPanel, sums[t]);
}

template <int BITS>
void panel(const uint8_t *w, const uint16_t *scales, const Activations &a, int64_t first, int tokens, float *out) {
    switch (tokens) {
        case 8: return tile<BITS, 8>(w, scales, a, first, out);
        case 7: return tile<BITS, 7>(w, scales, a, first, out);
        case 6: return tile<BITS, 6>(w, scales, a, first, out);
        case 5: return tile<BITS, 5>(w, scales, a, first, out);
        case 4: return tile<BITS, 4>(w, scales, a, first, out);
        case 3: return tile<BITS, 3>(w, scales, a, first, out);
        case 2: return tile<BITS, 2>(w, scales, a, first, out);
        case 1: return tile<BITS, 1>(w, scales, a, first, out);
    }
}

#include "vector512.inl"

#include "floats.inl"

#include "mamba.inl"

#include "attention.inl"

}  // namespace

const Kernels kAvx512 = {
    "avx512-vnni", quantise, panel<4>, panel<8>, false, floats<Tile16>, floats<Tile32>, round16, mamba_step, mamba_chunk, attend<float>,
    attend<uint16_t>, attend_prompt<Wide<float>>, attend_prompt<Wide<uint16_t>>, norm, squared_relu};

}  // namespace nemo
