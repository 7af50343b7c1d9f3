// Kernels for AVX2 with FMA. A panel's 16 rows are two registers of 8 sums.
#include <immintrin.h>

#include "attention.h"
#include "kernels.h"
#include "mamba.h"

namespace nemo {
namespace {

#include "common.inl"

inline __m256 scales8(const uint16_t *scales) {
    const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i *>(scales));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

// Four activations, in every 32-bit place.
inline __m256i quad_of(const int8_t *q) {
    int32_t four;
    __builtin_memcpy(&four, q, 4);
    return _mm256_set1_epi32(four);
}

template <int BITS, int TOKENS>
void tile(const uint8_t *w, const uint16_t *scales, const Activations &a, int64_t first, float *out) {
    const __m256i ones = _mm256_set1_epi16(1), low = _mm256_set1_epi8(15), flip = _mm256_set1_epi8(char(0x80));
    __m256 sums[TOKENS][2];
    for (int t = 0; t < TOKENS; t++) sums[t][0] = sums[t][1] = _mm256_setzero_ps();
    for (int64_t g = 0; g < a.groups; g++) {
        const uint8_t *data = w + g * kPanel * kGroup * BITS / 8;
        ask_for(data + kAhead, BITS);
        for (int half = 0; half < 2; half++) {
            const __m256 scale = scales8(scales + g * kPanel + half * 8);
            for (int t = 0; t < TOKENS; t++) {
                const int8_t *q = a.q + ((first + t) * a.groups + g) * kGroup;
                __m256i dots = _mm256_setzero_si256();
                int32_t offset = 0;
                if (BITS == 4) {
                    // 15 * 127 * 2 products, eight times over, stay within 16 bits.
                    for (int quad = 0; quad < 4; quad++) {
                        const __m256i packed =
                            _mm256_loadu_si256(reinterpret_cast<const __m256i *>(data + quad * 64 + half * 32));
                        const __m256i early = _mm256_and_si256(packed, low);
                        const __m256i late = _mm256_and_si256(_mm256_srli_epi16(packed, 4), low);
                        dots = _mm256_add_epi16(dots, _mm256_maddubs_epi16(early, quad_of(q + quad * 4)));
                        dots = _mm256_add_epi16(dots, _mm256_maddubs_epi16(late, quad_of(q + 16 + quad * 4)));
                    }
                    dots = _mm256_madd_epi16(dots, ones);
                    offset = a.offset[(first + t) * a.groups + g];
                } else {
                    // |v| times the activation with v's sign: two such products stay within 16 bits, which v + 128 would not.
                    for (int quad = 0; quad < 8; quad++) {
                        const __m256i stored =
                            _mm256_loadu_si256(reinterpret_cast<const __m256i *>(data + quad * 64 + half * 32));
                        const __m256i value = _mm256_xor_si256(stored, flip);
                        const __m256i pairs =
                            _mm256_maddubs_epi16(_mm256_abs_epi8(value), _mm256_sign_epi8(quad_of(q + quad * 4), value));
                        dots = _mm256_add_epi32(dots, _mm256_madd_epi16(pairs, ones));
                    }
                }
                const __m256 dot = _mm256_cvtepi32_ps(_mm256_add_epi32(dots, _mm256_set1_epi32(offset)));
                const __m256 factor = _mm256_set1_ps(a.scale[(first + t) * a.groups + g]);
                sums[t][half] = _mm256_fmadd_ps(_mm256_mul_ps(dot, scale), factor, sums[t][half]);
            }
        }
    }
    for (int t = 0; t < TOKENS; t++) {
        _mm256_storeu_ps(out + t * kPanel, sums[t][0]);
        _mm256_storeu_ps(out + t * kPanel + 8, sums[t][1]);
    }
}

template <int BITS>
void panel(const uint8_t *w, const uint16_t *scales, const Activations &a, int64_t first, int tokens, float *out) {
    for (; tokens >= 4; tokens -= 4, first += 4, out += 4 * kPanel) tile<BITS, 4>(w, scales, a, first, out);
    for (; tokens >= 1; tokens -= 1, first += 1, out += kPanel) tile<BITS, 1>(w, scales, a, first, out);
}

// Sixteen floats in two registers.
struct V {
    __m256 low, high;
};

inline V set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline V load(const float *p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline __m256i lanes_from(int begin, int lanes) {
    const __m256i places = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(begin));
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), places);
}
inline V load(const float *p, int lanes) {
    if (lanes == kPanel) return load(p);
    const __m256 low = _mm256_maskload_ps(p, lanes_from(0, lanes));
    return {low, lanes > 8 ? _mm256_maskload_ps(p + 8, lanes_from(8, lanes)) : _mm256_setzero_ps()};
}
// bfloat16s, as floats.
inline V load(const uint16_t *p, int lanes = kPanel) {
    uint16_t some[kPanel] = {};
    if (lanes != kPanel) {
        __builtin_memcpy(some, p, size_t(lanes) * sizeof(uint16_t));
        p = some;
    }
    return {scales8(p), scales8(p + 8)};
}
inline V load(const Half *p) {
    const __m128i *halves = reinterpret_cast<const __m128i *>(p);
    return {_mm256_cvtph_ps(_mm_loadu_si128(halves)), _mm256_cvtph_ps(_mm_loadu_si128(halves + 1))};
}
// The first and the second of 16 pairs of bfloat16s, as floats.
inline void load_pairs(const uint16_t *p, V &first, V &second) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p + kPanel));
    const __m256i upper = _mm256_set1_epi32(int(0xffff0000u));
    first = {_mm256_castsi256_ps(_mm256_slli_epi32(low, 16)), _mm256_castsi256_ps(_mm256_slli_epi32(high, 16))};
    second = {_mm256_castsi256_ps(_mm256_and_si256(low, upper)), _mm256_castsi256_ps(_mm256_and_si256(high, upper))};
}
inline void store(float *p, V x, int lanes = kPanel) {
    if (lanes == kPanel) {
        _mm256_storeu_ps(p, x.low);
        _mm256_storeu_ps(p + 8, x.high);
    } else {
        _mm256_maskstore_ps(p, lanes_from(0, lanes), x.low);
        if (lanes > 8) _mm256_maskstore_ps(p + 8, lanes_from(8, lanes), x.high);
    }
}
inline V operator+(V a, V b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
inline V operator-(V a, V b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
inline V operator*(V a, V b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
inline V operator/(V a, V b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
inline V fma(V a, V b, V c) { return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)}; }
inline V larger(V a, V b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
inline V smaller(V a, V b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
inline __m256 power_of_two(__m256 n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
// 2^n for whole n from -126 to 127.
inline V power_of_two(V n) { return {power_of_two(n.low), power_of_two(n.high)}; }
inline float sum(V x) {
    float lane[8], total = 0.0f;
    _mm256_storeu_ps(lane, _mm256_add_ps(x.low, x.high));
    for (float part : lane) total += part;
    return total;
}

// The sums of four vectors, side by side.
inline void sum4(const V (&x)[4], float *out) {
    __m256 part[4];
    for (int i = 0; i < 4; i++) part[i] = _mm256_add_ps(x[i].low, x[i].high);
    const __m256 a = _mm256_add_ps(_mm256_unpacklo_ps(part[0], part[1]), _mm256_unpackhi_ps(part[0], part[1]));
    const __m256 b = _mm256_add_ps(_mm256_unpacklo_ps(part[2], part[3]), _mm256_unpackhi_ps(part[2], part[3]));
    const __m256 both = _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xee));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1)));
}

constexpr int kSums = 4, kTokens = 4;  // that stay in registers beside what they are made of; tokens of a tile

#include "target.inl"

#include "by_panel.inl"

#include "floats.inl"

#include "mamba.inl"

#include "attention.inl"

}  // namespace

const Kernels kAvx2 = {
    "avx2", quantise, ints<4>, ints<8>, false, floats<Tile<Half>>, floats<PairTile>, floats<Tile<float>>, round16, mamba_tokens, attend<float>,
    attend<uint16_t>, attend_prompt<Wide<float>>, attend_prompt<Wide<uint16_t>>, norm, squared_relu};

}  // namespace nemo
