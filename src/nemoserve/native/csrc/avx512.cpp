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

#include "vector512.inl"

#include "target.inl"

// PANELS panels times TOKENS tokens: a panel's weights are read once for all of these tokens, a token's activations once for the panels.
template <int BITS, int PANELS, int TOKENS>
void tile(
    const uint8_t *w, const uint16_t *scales, const Activations &a, int64_t first, const Target &y, int64_t number, int64_t token,
    const Ahead &ahead) {
    const __m512i low = _mm512_set1_epi8(15);
    const int64_t groups = a.groups, panel = groups * kPanel * kGroup * BITS / 8;
    const int8_t *q = a.q + (first + token) * groups * kGroup;
    const float *factors = a.scale + (first + token) * groups;
    const int32_t *offsets = a.offset + (first + token) * groups;
    V sums[PANELS][TOKENS];
    for (int p = 0; p < PANELS; p++) {
        for (int t = 0; t < TOKENS; t++) sums[p][t] = set(0.0f);
    }
    for (int64_t g = 0; g < groups; g++) {
        __m512i values[PANELS][8];
        __m512 scale[PANELS];
        ahead.ask(g);
        for (int p = 0; p < PANELS; p++) {
            const uint8_t *data = w + p * panel + g * kPanel * kGroup * BITS / 8;
            for (int quad = 0; quad < 8; quad++) {
                if (BITS == 8) {
                    values[p][quad] = _mm512_loadu_si512(data + quad * 64);
                } else if (quad < 4) {
                    const __m512i packed = _mm512_loadu_si512(data + quad * 64);
                    values[p][quad] = _mm512_and_si512(packed, low);
                    values[p][quad + 4] = _mm512_and_si512(_mm512_srli_epi16(packed, 4), low);
                }
            }
            const uint16_t *own = scales + (p * groups + g) * kPanel;
            ask_for(own + kAhead / kPanel, 1);
            const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(own));
            scale[p] = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
        }
        for (int t = 0; t < TOKENS; t++) {
            const int8_t *x = q + (t * groups + g) * kGroup;
            __m512i dots[PANELS];
            for (int p = 0; p < PANELS; p++) dots[p] = _mm512_set1_epi32(offsets[t * groups + g]);
            if (TOKENS * PANELS <= 2) {  // two chains, as there are few others to fill the pipeline
                for (int p = 0; p < PANELS; p++) {
                    __m512i others = _mm512_setzero_si512();
                    for (int quad = 0; quad < 8; quad += 2) {
                        dots[p] = _mm512_dpbusd_epi32(dots[p], values[p][quad], quad_of(x + quad * 4));
                        others = _mm512_dpbusd_epi32(others, values[p][quad + 1], quad_of(x + quad * 4 + 4));
                    }
                    dots[p] = _mm512_add_epi32(dots[p], others);
                }
            } else {
                for (int quad = 0; quad < 8; quad++) {
                    const __m512i four = quad_of(x + quad * 4);
                    for (int p = 0; p < PANELS; p++) dots[p] = _mm512_dpbusd_epi32(dots[p], values[p][quad], four);
                }
            }
            const __m512 factor = _mm512_set1_ps(factors[t * groups + g]);
            for (int p = 0; p < PANELS; p++) {
                sums[p][t].all = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(dots[p]), scale[p]), factor, sums[p][t].all);
            }
        }
    }
    finish<PANELS, TOKENS>(sums, y, number, token);
}

template <int BITS, int PANELS>
void panels_of(
    const uint8_t *w, const uint16_t *scales, const Activations &a, int64_t first, int64_t tokens, const Target &y, int64_t number) {
    const int64_t bytes = PANELS * a.groups * kPanel * kGroup * BITS / 8;
    for (int64_t t = 0; t < tokens; t += 4) {
        const Ahead ahead(w + (PANELS == 1 ? kAhead : bytes), bytes, a.groups, t / 4, (tokens + 3) / 4);
        switch (tokens - t) {
            case 1: tile<BITS, PANELS, 1>(w, scales, a, first, y, number, t, ahead); break;
            case 2: tile<BITS, PANELS, 2>(w, scales, a, first, y, number, t, ahead); break;
            case 3: tile<BITS, PANELS, 3>(w, scales, a, first, y, number, t, ahead); break;
            default: tile<BITS, PANELS, 4>(w, scales, a, first, y, number, t, ahead);
        }
    }
}

template <int BITS>
void ints(const uint8_t *w, const uint16_t *scales, int64_t panels, const Activations &a, int64_t first, int64_t tokens, const Target &y) {
    const int64_t bytes = a.groups * kPanel * kGroup * BITS / 8, step = a.groups * kPanel;
    int64_t p = 0;
    if (tokens > 1) {
        for (; p + 2 <= panels; p += 2) panels_of<BITS, 2>(w + p * bytes, scales + p * step, a, first, tokens, y, p);
    }
    for (; p < panels; p++) panels_of<BITS, 1>(w + p * bytes, scales + p * step, a, first, tokens, y, p);
}

#include "floats.inl"

#include "mamba.inl"

#include "attention.inl"

}  // namespace

const Kernels kAvx512 = {
    "avx512-vnni", quantise, ints<4>, ints<8>, false, floats<Tile<Half>>, floats<PairTile>, floats<Tile<float>>, round16, mamba_tokens, attend<float>,
    attend<uint16_t>, attend_prompt<Wide<float>>, attend_prompt<Wide<uint16_t>>, norm, squared_relu};

}  // namespace nemo
