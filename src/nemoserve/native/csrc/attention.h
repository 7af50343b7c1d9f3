// Attention of new tokens over keys and values of float32 or bfloat16, norms, activations. Knows arrays and strides; no cache's bookkeeping.
#pragma once

#include <cstdint>

namespace nemo {

struct Kernels;

// One key head of one sequence: `queries` queries [queries][head_dim] look at a span of `tokens` keys and values [tokens][head_dim].
struct AttentionRow {
    int64_t queries, head_dim, tokens;
    const float *q;
    const void *keys, *values;
};

struct AttentionLayer {
    int64_t heads, kv_heads, head_dim;
    int64_t first;  // of its key heads among those of all layers
};

// A sequence whose keys and values [head][token][head_dim] lie in a buffer of their own, `head` apart; it holds `length` tokens.
struct Apart {
    void *keys, *values;
    int64_t head, length;
};

// Keys and values of all layers. The first `shared` rows lie together, [row][head][token][head_dim] with these strides; `lengths` are
// the tokens that each of them holds, or null when all hold `length`. Each later row is one of `apart`.
struct KeysAndValues {
    void *keys, *values;
    int64_t row, head;
    const int64_t *lengths;
    int64_t length;
    int64_t shared;
    const Apart *apart;
    int64_t bytes;  // of an element: 4, floats, or 2, bfloat16s
};

// One new token of each of `rows` sequences: its key and value are written, then it looks at all of its row's. q, k and v of a row
// lie q_row, k_row and v_row apart; y [rows][heads * head_dim].
void attention(
    const Kernels &k, const AttentionLayer &layer, const KeysAndValues &kv, int64_t rows, const float *q, int64_t q_row, const float *key,
    int64_t k_row, const float *value, int64_t v_row, float *y);

// A run of `tokens` tokens of one sequence that follows `start` others. q [tokens][heads][head_dim], k and v [tokens][kv_heads][head_dim] are
// the run's, with `q_row` and so on from token to token. Keys and values [head][token][head_dim] are the sequence's, `head` apart; `bytes` of
// their elements are 4, floats, or 2, bfloat16s.
struct PromptAttention {
    int64_t heads, kv_heads, head_dim;
    int64_t start, tokens;
    const float *q, *k, *v;
    int64_t q_row, k_row, v_row;
    void *keys, *values;
    int64_t head, bytes;
    float *y;  // [tokens][heads * head_dim]
};

constexpr int64_t kPromptQueries = 64;  // of one block; the heads that share a key head may not be more

// The run's keys and values are written, then every token looks at what comes before it and at itself.
void prompt_attention(const Kernels &k, const PromptAttention &p);

// y [rows][width] = x / rms(x) * weight.
void norms(const Kernels &k, int64_t rows, int64_t width, const float *weight, float eps, const float *x, float *y);

}  // namespace nemo
