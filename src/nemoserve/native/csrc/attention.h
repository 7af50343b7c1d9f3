// Attention of new tokens over keys and values of float32 or bfloat16, norms, activations. Knows arrays and strides; no cache's bookkeeping.
#pragma once

#include <cstdint>

namespace nemo {

struct Kernels;

constexpr int64_t kPage = 64;  // tokens of a page

// One key head of one sequence: `queries` queries [queries][head_dim] look at a span of `tokens` tokens, which begins with a page. `keys` and
// `values` are the head's in page 0, `pages` the span's pages, `page` elements from number to number.
struct AttentionRow {
    int64_t queries, head_dim, tokens;
    const float *q;
    const void *keys, *values;
    const int32_t *pages;
    int64_t page;
};

struct AttentionLayer {
    int64_t heads, kv_heads, head_dim;
    int64_t first;  // of its key heads among those of all layers
};

// Keys and values of all layers' heads, in pages [page][head][kPage][head_dim] that lie `page` elements apart. Row i is the sequence in slot
// slots[i], which holds lengths[i] tokens; its pages' numbers are in a row of `table`, whose rows are `most` long.
struct KeysAndValues {
    void *keys, *values;
    int64_t page;
    const int32_t *table;
    int64_t most;
    const int64_t *slots, *lengths;
    int64_t bytes;  // of an element: 4, floats, or 2, bfloat16s
};

// One new token of each of `rows` sequences: its key and value are written, then it looks at all of its row's. q, k and v of a row
// lie q_row, k_row and v_row apart; y [rows][heads * head_dim].
void attention(
    const Kernels &k, const AttentionLayer &layer, const KeysAndValues &kv, int64_t rows, const float *q, int64_t q_row, const float *key,
    int64_t k_row, const float *value, int64_t v_row, float *y);

// A run of `tokens` tokens of one sequence that follows `start` others. q [tokens][heads][head_dim], k and v [tokens][kv_heads][head_dim] are
// the run's, with `q_row` and so on from token to token. Keys and values are those of the layer's first head in page
// 0; `pages` are the sequence's, `page` elements from number to number. `bytes` of their elements are 4, floats, or 2, bfloat16s.
struct PromptAttention {
    int64_t heads, kv_heads, head_dim;
    int64_t start, tokens;
    const float *q, *k, *v;
    int64_t q_row, k_row, v_row;
    void *keys, *values;
    const int32_t *pages;
    int64_t page, bytes;
    float *y;  // [tokens][heads * head_dim]
};

constexpr int64_t kPromptQueries = 64;  // of one block; the heads that share a key head may not be more

// The run's keys and values are written, then every token looks at what comes before it and at itself.
void prompt_attention(const Kernels &k, const PromptAttention &p);

// y [rows][width] = x / rms(x) * weight.
void norms(const Kernels &k, int64_t rows, int64_t width, const float *weight, float eps, const float *x, float *y);

}  // namespace nemo
