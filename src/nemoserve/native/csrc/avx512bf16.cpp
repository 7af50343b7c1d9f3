// What AVX-512 kernels gain by instructions for products of bfloat16s: two of them at a time. The rest is avx512.cpp's.
#include <immintrin.h>

#include <cstring>

#include "attention.h"
#include "kernels.h"
#include "mamba.h"

namespace nemo {
namespace {

#include "common.inl"

#include "vector512.inl"

#include "target.inl"

#include "floats.inl"

inline V dot(__m512i a, __m512i b, V c) { return {_mm512_dpbf16_ps(c.all, (__m512bh)a, (__m512bh)b)}; }

inline __m512i pair(const uint16_t *p) {
    int32_t both;
    __builtin_memcpy(&both, p, 4);
    return _mm512_set1_epi32(both);
}

struct DotTile {
    template <int PANELS, int TOKENS>
    static void run(const char *w, int64_t panel, const char *x, int64_t units, const Target &y, int64_t panel_number, int64_t first) {
        V sums[PANELS][TOKENS];
        for (int p = 0; p < PANELS; p++) {
            for (int t = 0; t < TOKENS; t++) sums[p][t] = set(0.0f);
        }
        const uint16_t *given = reinterpret_cast<const uint16_t *>(x);
        for (int64_t u = 0; u < units; u++) {
            __m512i rows[PANELS];
            for (int p = 0; p < PANELS; p++) rows[p] = _mm512_loadu_si512(w + p * panel + u * 64);
            for (int t = 0; t < TOKENS; t++) {
                const __m512i value = pair(given + (t * units + u) * 2);
                for (int p = 0; p < PANELS; p++) sums[p][t] = dot(rows[p], value, sums[p][t]);
            }
        }
        finish<PANELS, TOKENS>(sums, y, panel_number, first);
    }
};

#include "mamba.inl"

#include "attention.inl"

// c [rows][lanes] (+)= a b with pairs: a[i][k] at a + i * a_row + k * a_step and b [depth][lanes], pairs; c floats.
template <int ROWS>
inline void pair_rows(
    int64_t depth, int64_t lanes, const uint32_t *a, int64_t a_row, int64_t a_step, const uint32_t *b, float *c, bool add) {
    for (int64_t w = 0; w < lanes; w += 4 * kPanel) {
        V sums[ROWS][4];
        for (int i = 0; i < ROWS; i++) {
            for (int v = 0; v < 4; v++) sums[i][v] = add ? load(c + i * kQueries + w + v * kPanel) : set(0.0f);
        }
        for (int64_t k = 0; k < depth; k++) {
            __m512i row[4];
            for (int v = 0; v < 4; v++) row[v] = _mm512_loadu_si512(b + k * kQueries + w + v * kPanel);
            for (int i = 0; i < ROWS; i++) {
                const __m512i factor = _mm512_set1_epi32(int(a[i * a_row + k * a_step]));
                for (int v = 0; v < 4; v++) sums[i][v] = dot(row[v], factor, sums[i][v]);
            }
        }
        for (int i = 0; i < ROWS; i++) {
            for (int v = 0; v < 4; v++) store(c + i * kQueries + w + v * kPanel, sums[i][v]);
        }
    }
}

inline void pair_product(
    int64_t rows, int64_t depth, const uint32_t *a, int64_t a_row, int64_t a_step, const uint32_t *b, float *c, bool add) {
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) pair_rows<4>(depth, kQueries, a + i * a_row, a_row, a_step, b, c + i * kQueries, add);
    for (; i < rows; i++) pair_rows<1>(depth, kQueries, a + i * a_row, a_row, a_step, b, c + i * kQueries, add);
}

// Two floats of each lane to a pair of bfloat16s.
inline __m512i pairs_of(V first, V second) {
    const __m512i one = _mm512_set1_epi32(1), half = _mm512_set1_epi32(0x7fff);
    __m512i a = _mm512_castps_si512(first.all), b = _mm512_castps_si512(second.all);
    a = _mm512_add_epi32(a, _mm512_add_epi32(half, _mm512_and_si512(_mm512_srli_epi32(a, 16), one)));
    b = _mm512_add_epi32(b, _mm512_add_epi32(half, _mm512_and_si512(_mm512_srli_epi32(b, 16), one)));
    return _mm512_or_si512(_mm512_srli_epi32(a, 16), _mm512_and_si512(b, _mm512_set1_epi32(int(0xffff0000u))));
}

// Keys and values of an even number of bfloat16s, multiplied in pairs; queries and weights are rounded to them.
struct Paired {
    using Element = uint16_t;
    const uint32_t *keys = nullptr;
    uint32_t *query, *values;
    int64_t size;

    Paired(int64_t size, float *scratch)
        : query(reinterpret_cast<uint32_t *>(scratch)), values(query + size * kQueries / 2), size(size) {
        std::memset(query, 0, std::size_t(size * kQueries / 2) * 4);
    }

    void ask(int64_t lane, const float *q) {
        for (int64_t i = 0; i < size / 2; i++) {
            query[i * kQueries + lane] = uint32_t(narrow(q[2 * i])) | uint32_t(narrow(q[2 * i + 1])) << 16;
        }
    }

    void take(const uint16_t *from, const uint16_t *of, int64_t count) {
        keys = reinterpret_cast<const uint32_t *>(from);
        for (int64_t key = 0; key < count; key += 2) {
            const uint16_t *one = of + key * size, *other = one + size;
            uint32_t *both = values + key / 2 * size;
            if (key + 1 < count) {
                for (int64_t d = 0; d < size; d++) both[d] = uint32_t(one[d]) | uint32_t(other[d]) << 16;
            } else {
                for (int64_t d = 0; d < size; d++) both[d] = one[d];
            }
        }
    }

    void score(int64_t count, int64_t, float *scores) const {
        pair_product(count, size / 2, keys, size / 2, 1, query, scores, false);
    }

    // The weights become pairs where they are.
    void mix(int64_t count, int64_t lanes, float *weights, float *out) const {
        uint32_t *rounded = reinterpret_cast<uint32_t *>(weights);
        for (int64_t key = 0; key < count; key += 2) {
            for (int64_t i = 0; i < lanes; i += kPanel) {
                const V second = key + 1 < count ? load(weights + (key + 1) * kQueries + i) : set(0.0f);
                _mm512_storeu_si512(rounded + key / 2 * kQueries + i, pairs_of(load(weights + key * kQueries + i), second));
            }
        }
        pair_product(size, (count + 1) / 2, values, 1, size, rounded, out, true);
    }
};

void attend_prompt16(const PromptAttention &p, int64_t head, int64_t first, float *scratch) {
    if (p.head_dim % 2 == 0) {
        attend_prompt<Paired>(p, head, first, scratch);
    } else {
        attend_prompt<Wide<uint16_t>>(p, head, first, scratch);
    }
}

Kernels with_pairs() {
    Kernels k = kAvx512;
    k.name = "avx512-bf16";
    k.pairs = true;
    k.bfloats = floats<DotTile>;
    k.attend_prompt16 = attend_prompt16;
    return k;
}

}  // namespace

const Kernels &avx512_bf16() {
    static const Kernels made = with_pairs();
    return made;
}

}  // namespace nemo
