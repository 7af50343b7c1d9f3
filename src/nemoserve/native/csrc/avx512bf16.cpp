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
    static void run(const char *w, int64_t panel, const char *x, int64_t units, const Target &y, int64_t panel_number, int64_t first, const Ahead &ahead) {
        V sums[PANELS][TOKENS];
        for (int p = 0; p < PANELS; p++) {
            for (int t = 0; t < TOKENS; t++) sums[p][t] = set(0.0f);
        }
        const uint16_t *given = reinterpret_cast<const uint16_t *>(x);
        for (int64_t u = 0; u < units; u++) {
            __m512i rows[PANELS];
            for (int p = 0; p < PANELS; p++) rows[p] = _mm512_loadu_si512(w + p * panel + u * 64);
            ahead.ask(u);
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

// The next page's keys or values, asked for line by line while this one's are multiplied.
struct Lines {
    const char *next, *end;

    void ask(int64_t lines) {
        if (next >= end) return;
        ask_for(next, lines);
        next += lines * 64;
    }
};

// scores[t] = q times the key of token t; `size` is whole vectors of pairs. `lines` of what is `ahead` are asked for with every four tokens.
inline void pair_scores(int64_t tokens, int64_t size, const uint16_t *q, const uint16_t *keys, float *scores, Lines &ahead, int64_t lines) {
    int64_t t = 0;
    for (; t + 4 <= tokens; t += 4) {
        ahead.ask(lines);
        const uint16_t *four = keys + t * size;
        V dots[4] = {set(0.0f), set(0.0f), set(0.0f), set(0.0f)};
        for (int64_t i = 0; i < size; i += 2 * kPanel) {
            const __m512i own = _mm512_loadu_si512(q + i);
            for (int k = 0; k < 4; k++) dots[k] = dot(own, _mm512_loadu_si512(four + k * size + i), dots[k]);
        }
        sum4(dots, scores + t);
    }
    for (; t < tokens; t++) {
        V one = set(0.0f);
        for (int64_t i = 0; i < size; i += 2 * kPanel) {
            one = dot(_mm512_loadu_si512(q + i), _mm512_loadu_si512(keys + t * size + i), one);
        }
        scores[t] = sum(one);
    }
}

// out = out * shrunk + the values, weighted, for QUERIES queries: 32 places of the values and of the outputs [queries][size]. Two tokens'
// values are put side by side, which leaves the places of the outputs in the order of the unpacking: `in_order` mends that. A line of what
// is `ahead` is asked for with them.
template <int QUERIES>
inline void pair_mix(
    int64_t tokens, int64_t size, const uint32_t *weights, int64_t row, const uint16_t *values, const float *shrunk, float *out, Lines &ahead) {
    V sums[QUERIES][2];
    for (int g = 0; g < QUERIES; g++) {
        for (int half = 0; half < 2; half++) sums[g][half] = load(out + g * size + half * kPanel) * set(shrunk[g]);
    }
    for (int64_t t = 0; t < tokens; t += 2) {
        ahead.ask(1);
        const __m512i one = _mm512_loadu_si512(values + t * size);
        const __m512i other = t + 1 < tokens ? _mm512_loadu_si512(values + (t + 1) * size) : _mm512_setzero_si512();
        const __m512i low = _mm512_unpacklo_epi16(one, other), high = _mm512_unpackhi_epi16(one, other);
        for (int g = 0; g < QUERIES; g++) {
            const __m512i weight = _mm512_set1_epi32(int(weights[g * row + t / 2]));
            sums[g][0] = dot(low, weight, sums[g][0]);
            sums[g][1] = dot(high, weight, sums[g][1]);
        }
    }
    for (int g = 0; g < QUERIES; g++) {
        for (int half = 0; half < 2; half++) store(out + g * size + half * kPanel, sums[g][half]);
    }
}

inline void in_order(float *places) {
    const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const __m512i second = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    const __m512 low = _mm512_loadu_ps(places), high = _mm512_loadu_ps(places + kPanel);
    _mm512_storeu_ps(places, _mm512_permutex2var_ps(low, first, high));
    _mm512_storeu_ps(places + kPanel, _mm512_permutex2var_ps(low, second, high));
}

// As attend<uint16_t>, with products of pairs: queries and weights are rounded to bfloat16s.
void attend_pairs(const AttentionRow &r, float *most, float *total, float *out) {
    constexpr int64_t kTile = kPage, kAtOnce = 16;
    const int64_t size = r.head_dim;
    const Paged<const uint16_t> paged = {static_cast<const uint16_t *>(r.keys), r.pages, r.page, size};
    const Paged<const uint16_t> paged_values = {static_cast<const uint16_t *>(r.values), r.pages, r.page, size};
    const V root = set(1.0f / __builtin_sqrtf(float(size)));
    float weights[kAtOnce][kTile], shrunk[kAtOnce];
    uint32_t rounded[kAtOnce][kTile / 2];
    uint16_t *q = static_cast<uint16_t *>(__builtin_alloca(static_cast<unsigned long>(r.queries * size) * sizeof(uint16_t)));
    round16(r.q, r.queries * size, r.queries * size / 2, q);
    for (int64_t g = 0; g < r.queries; g++) {
        most[g] = -3e38f;
        total[g] = 0.0f;
    }
    for (int64_t i = 0; i < r.queries * size; i += kPanel) store(out + i, set(0.0f));
    for (int64_t from = 0; from < r.tokens; from += kTile) {
        const int64_t count = r.tokens - from < kTile ? r.tokens - from : kTile;
        const uint16_t *keys = paged[from], *values = paged_values[from];
        const int64_t next = from + kTile < r.tokens ? from + kTile : from, bytes = (next - from) * size * int64_t(sizeof(uint16_t));
        const char *next_keys = reinterpret_cast<const char *>(paged[next]), *next_values = reinterpret_cast<const char *>(paged_values[next]);
        Lines ahead = {next_keys, next_keys + bytes}, ahead_values = {next_values, next_values + bytes};
        const int64_t lines = size / (8 * r.queries) + 1;
        if (from == 0) ask_for(values, count * size * int64_t(sizeof(uint16_t)) / 64);
        for (int64_t begin = 0; begin < r.queries; begin += kAtOnce) {
            const int64_t queries = r.queries - begin < kAtOnce ? r.queries - begin : kAtOnce;
            for (int64_t g = 0; g < queries; g++) {
                float *own = weights[g], top = most[begin + g];
                pair_scores(count, size, q + (begin + g) * size, keys, own, ahead, lines);
                V tops = set(top);
                by_vector(count, [&](int64_t i, int lanes) {
                    const V scores = lanes == kPanel ? load(own + i) * root : V{_mm512_mask_blend_ps(mask_of(lanes), tops.all, (load(own + i, lanes) * root).all)};
                    store(own + i, scores, lanes);
                    tops = larger(tops, scores);
                });
                top = _mm512_reduce_max_ps(tops.all);
                shrunk[g] = top > most[begin + g] ? small_exponential(most[begin + g] - top) : 1.0f;
                V sums = set(0.0f);
                for (int64_t i = 0; i < count; i += kPanel) {
                    const int lanes = int(count - i < kPanel ? count - i : kPanel);
                    const V weight = {_mm512_maskz_mov_ps(mask_of(lanes), exponential(load(own + i, lanes) - set(top)).all)};
                    sums = sums + weight;
                    _mm256_storeu_si256(reinterpret_cast<__m256i *>(rounded[g] + i / 2), (__m256i)_mm512_cvtneps_pbh(weight.all));
                }
                total[begin + g] = total[begin + g] * shrunk[g] + sum(sums);
                most[begin + g] = top;
            }
            for (int64_t i = 0; i < size; i += 2 * kPanel) {
                int64_t g = 0;
                float *own = out + begin * size + i;
                for (; g + 4 <= queries; g += 4) pair_mix<4>(count, size, rounded[g], kTile / 2, values + i, shrunk + g, own + g * size, ahead_values);
                for (; g < queries; g++) pair_mix<1>(count, size, rounded[g], kTile / 2, values + i, shrunk + g, own + g * size, ahead_values);
            }
        }
    }
    for (int64_t i = 0; i < r.queries * size; i += 2 * kPanel) in_order(out + i);
}

void attend16(const AttentionRow &r, float *most, float *total, float *out) {
    (r.head_dim % (2 * kPanel) == 0 ? attend_pairs : attend<uint16_t>)(r, most, total, out);
}

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
    k.attend16 = attend16;
    k.attend_prompt16 = attend_prompt16;
    return k;
}

}  // namespace

const Kernels &avx512_bf16() {
    static const Kernels made = with_pairs();
    return made;
}

}  // namespace nemo
