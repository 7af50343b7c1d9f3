#include "attention.h"

#include <cmath>
#include <cstring>
#include <mutex>
#include <vector>

#include "kernels.h"
#include "pool.h"

namespace nemo {
namespace {

// Floats that a block of a prompt's attention needs; attention.inl says what for.
int64_t prompt_scratch(int64_t size) { return kPromptQueries * (64 + 2 * size + 2) + 2 * 64 * size; }

constexpr int64_t kSpan = 16 * kPage;  // tokens of one piece of work; not by the number of threads, on which no result may depend

struct Scratch {
    std::mutex callers;
    std::vector<int64_t> first;  // of each row's pieces
    std::vector<float> parts;
};

Scratch &scratch() {
    static Scratch *made = new Scratch;
    return *made;
}

void *at(void *base, int64_t element, int64_t bytes) { return static_cast<char *>(base) + element * bytes; }

// Rounds to the nearest bfloat16, ties to even; what came from one is what it was.
void put(const float *from, int64_t count, void *to, int64_t bytes) {
    if (bytes == 4) {
        std::memcpy(to, from, std::size_t(count) * sizeof(float));
        return;
    }
    uint16_t *target = static_cast<uint16_t *>(to);
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        std::memcpy(&bits, from + i, 4);
        target[i] = uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
}

int64_t spans_of(int64_t length) { return length / kSpan + 1; }

// Where a token's key or value lies: in elements, from a head's place in page 0 on.
int64_t place_of(int64_t token, const int32_t *pages, int64_t page, int64_t size) {
    return pages[token / kPage] * page + token % kPage * size;
}

// A head's spans, one after the other, into y [queries][head_dim].
void merge(int64_t spans, int64_t queries, int64_t size, const float *parts, float *y) {
    const int64_t part = queries * (size + 2);
    for (int64_t g = 0; g < queries; g++) {
        float most = parts[g], total = 0.0f;
        for (int64_t s = 1; s < spans; s++) most = parts[s * part + g] > most ? parts[s * part + g] : most;
        float *out = y + g * size;
        for (int64_t s = 0; s < spans; s++) {
            const float *own = parts + s * part;
            const float weight = spans == 1 ? 1.0f : std::exp(own[g] - most);
            total += weight * own[queries + g];
            const float *values = own + 2 * queries + g * size;
            for (int64_t i = 0; i < size; i++) out[i] = s == 0 ? weight * values[i] : out[i] + weight * values[i];
        }
        const float share = 1.0f / total;
        for (int64_t i = 0; i < size; i++) out[i] *= share;
    }
}

}  // namespace

void attention(
    const Kernels &k, const AttentionLayer &layer, const KeysAndValues &kv, int64_t rows, const float *q, int64_t q_row, const float *key,
    int64_t k_row, const float *value, int64_t v_row, float *y) {
    const int64_t size = layer.head_dim, queries = layer.heads / layer.kv_heads, part = queries * (size + 2);
    Scratch &s = scratch();
    std::lock_guard<std::mutex> lock(s.callers);
    s.first.resize(std::size_t(rows + 1));
    s.first[0] = 0;
    int64_t tokens = 0;
    for (int64_t row = 0; row < rows; row++) {
        tokens += kv.lengths[row] + 1;
        s.first[std::size_t(row + 1)] = s.first[std::size_t(row)] + spans_of(kv.lengths[row]) * layer.kv_heads;
    }
    const int64_t *first = s.first.data(), pieces = first[rows];
    if (int64_t(s.parts.size()) < pieces * part) s.parts.resize(std::size_t(pieces * part));
    float *parts = s.parts.data();
    const bool little = tokens * layer.heads * size < (1 << 15);
    loop(pieces, little ? pieces : 1, [&](int64_t begin, int64_t end) {
        int64_t row = 0;
        for (int64_t i = begin; i < end; i++) {
            while (first[row + 1] <= i) row++;
            const int64_t length = kv.lengths[row], spans = spans_of(length), head = (i - first[row]) / spans, span = (i - first[row]) % spans;
            const int32_t *pages = kv.table + kv.slots[row] * kv.most;
            const int64_t place = (layer.first + head) * kPage * size;
            void *keys = at(kv.keys, place, kv.bytes), *values = at(kv.values, place, kv.bytes);
            if (span == spans - 1) {
                const int64_t newest = place_of(length, pages, kv.page, size);
                put(key + row * k_row + head * size, size, at(keys, newest, kv.bytes), kv.bytes);
                put(value + row * v_row + head * size, size, at(values, newest, kv.bytes), kv.bytes);
            }
            const int64_t from = span * kSpan, left = length + 1 - from;
            const float *queried = q + row * q_row + head * queries * size;
            const AttentionRow r = {queries, size, left < kSpan ? left : kSpan, queried, keys, values, pages + from / kPage, kv.page};
            float *found = parts + i * part;
            (kv.bytes == 2 ? k.attend16 : k.attend)(r, found, found + queries, found + 2 * queries);
            if (spans == 1) merge(1, queries, size, found, y + (row * layer.heads + head * queries) * size);
        }
    });
    for (int64_t row = 0; row < rows; row++) {
        const int64_t spans = spans_of(kv.lengths[row]);
        for (int64_t head = 0; spans > 1 && head < layer.kv_heads; head++) {
            merge(spans, queries, size, parts + (first[row] + head * spans) * part, y + (row * layer.heads + head * queries) * size);
        }
    }
}

void prompt_attention(const Kernels &k, const PromptAttention &p) {
    const int64_t sharing = p.heads / p.kv_heads, room = kPromptQueries / sharing, blocks = (p.tokens + room - 1) / room;
    const auto attend = p.bytes == 2 ? k.attend_prompt16 : k.attend_prompt;
    const int64_t need = prompt_scratch(p.head_dim), size = p.head_dim;
    loop(p.kv_heads * p.tokens, 1 + (1 << 14) / size, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
            const int64_t head = i / p.tokens, token = i % p.tokens;
            const int64_t place = head * kPage * size + place_of(p.start + token, p.pages, p.page, size);
            put(p.k + token * p.k_row + head * size, size, at(p.keys, place, p.bytes), p.bytes);
            put(p.v + token * p.v_row + head * size, size, at(p.values, place, p.bytes), p.bytes);
        }
    });
    loop(p.kv_heads * blocks, 1, [&](int64_t begin, int64_t end) {
        static thread_local std::vector<float> own;
        if (int64_t(own.size()) < need) own.resize(std::size_t(need));
        // The last blocks see most, and are begun first, so that no thread is left with one of them at the end.
        for (int64_t i = begin; i < end; i++) attend(p, i % p.kv_heads, (blocks - 1 - i / p.kv_heads) * room, own.data());
    });
}

void norms(const Kernels &k, int64_t rows, int64_t width, const float *weight, float eps, const float *x, float *y) {
    loop(rows, 1 + (1 << 15) / width, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) k.norm(width, weight, eps, x + row * width, y + row * width);
    });
}

}  // namespace nemo
