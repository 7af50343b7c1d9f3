#include "attention.h"

#include <cstring>
#include <vector>

#include "kernels.h"
#include "pool.h"

namespace nemo {

void attention(
    const Kernels &k, const AttentionLayer &layer, const KeysAndValues &kv, int64_t rows, const float *q, int64_t q_row, const float *key,
    int64_t k_row, const float *value, int64_t v_row, float *y) {
    const int64_t size = layer.head_dim, queries = layer.heads / layer.kv_heads;
    int64_t most = kv.length;
    for (int64_t row = 0; kv.lengths != nullptr && row < rows; row++) most = kv.lengths[row] > most ? kv.lengths[row] : most;
    const int64_t pieces = rows * layer.kv_heads;
    const int64_t piece = pieces * queries * (most + 1) * size < (1 << 15) ? pieces : 1;
    loop(pieces, piece, [&](int64_t begin, int64_t end) {
        static thread_local std::vector<float> scratch;
        if (int64_t(scratch.size()) < most + 1) scratch.resize(std::size_t(most + 1));
        for (int64_t i = begin; i < end; i++) {
            const int64_t row = i / layer.kv_heads, head = i % layer.kv_heads;
            const int64_t held = kv.lengths == nullptr ? kv.length : kv.lengths[row];
            float *keys = kv.keys + row * kv.row + (layer.first + head) * kv.head;
            float *values = kv.values + row * kv.row + (layer.first + head) * kv.head;
            std::memcpy(keys + held * size, key + row * k_row + head * size, std::size_t(size) * sizeof(float));
            std::memcpy(values + held * size, value + row * v_row + head * size, std::size_t(size) * sizeof(float));
            const AttentionRow r = {queries, size, held + 1, q + row * q_row + head * queries * size, keys, values};
            k.attend(r, scratch.data(), y + (row * layer.heads + head * queries) * size);
        }
    });
}

void norms(const Kernels &k, int64_t rows, int64_t width, const float *weight, float eps, const float *x, float *y) {
    loop(rows, 1 + (1 << 15) / width, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) k.norm(width, weight, eps, x + row * width, y + row * width);
    });
}

}  // namespace nemo
