#include "linear.h"

#include <cstring>
#include <mutex>
#include <vector>

#include "kernels.h"
#include "pool.h"

namespace nemo {
namespace {

constexpr int64_t kSpan = 128;          // tokens, at most, that stay in the second-level cache while the weight passes by
constexpr int64_t kSpanBytes = 1 << 19;  // and their bytes
constexpr int64_t kTogether = 6;         // panels of a piece are a multiple of this: they are taken by 2, 3 or 4
constexpr int64_t kPieceBytes = 1 << 16;  // of weight, for one thread at a time
constexpr int64_t kPieceWork = 1 << 21;   // products that are worth a thread's attention

struct Scratch {
    std::mutex callers;
    std::vector<int8_t> q;
    std::vector<uint16_t> rounded;
    std::vector<float> scale;
    std::vector<int32_t> offset;
};

Scratch &scratch() {
    static Scratch *made = new Scratch;
    return *made;
}

// Of the panels and tokens from these on.
Target at(const Weight &w, int64_t panel, int64_t token, const float *bias, const float *residual, float *y) {
    const int64_t row = panel * kPanel, place = token * w.rows + row;
    return {y + place, bias == nullptr ? nullptr : bias + row, residual == nullptr ? nullptr : residual + place, w.rows, w.rows - row};
}

// Calls body(from, to, begin, end) for spans of tokens and pieces of panels, on several threads. Pieces are large enough to be read in long
// runs, and small enough to be shared out fairly.
template <class Body>
void over(const Weight &w, int64_t tokens, int64_t token_bytes, int64_t panel_bytes, const Body &body) {
    int64_t span = kSpanBytes / token_bytes / kTile * kTile;
    span = span < kTile ? kTile : span > kSpan ? kSpan : span;
    span = span < tokens ? span : tokens;
    int64_t piece = 1 + kPieceBytes / panel_bytes;
    const int64_t work = kPanel * w.columns * span;
    if (piece * work > kPieceWork) piece = 1 + kPieceWork / work;
    piece = (piece + kTogether - 1) / kTogether * kTogether;
    const int64_t panels = panels_of(w.rows), pieces = (panels + piece - 1) / piece, spans = (tokens + span - 1) / span;
    loop(spans * pieces, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
            const int64_t from = i / pieces * span, first = i % pieces * piece;
            body(from, from + span < tokens ? from + span : tokens, first, first + piece < panels ? first + piece : panels);
        }
    });
}

void floats(const Kernels &k, const Weight &w, const float *bias, int64_t tokens, const float *x, const float *residual, float *y) {
    const int64_t pairs = (w.columns + 1) / 2, column_bytes = w.kind == kFloat16 ? 2 : 4;
    const int64_t panel_bytes = (w.kind == kBfloat16 ? pairs : w.columns) * kPanel * column_bytes;
    const bool rounds = w.kind == kBfloat16 && k.pairs;
    const int64_t units = rounds ? pairs : w.columns;
    const auto product = w.kind == kBfloat16 ? k.bfloats : w.kind == kFloat16 ? k.halves : k.floats;
    const char *given = reinterpret_cast<const char *>(x);
    Scratch &s = scratch();
    std::unique_lock<std::mutex> lock(s.callers, std::defer_lock);
    if (rounds) {
        lock.lock();
        if (int64_t(s.rounded.size()) < tokens * units * 2) s.rounded.resize(size_t(tokens * units * 2));
        uint16_t *rounded = s.rounded.data();
        loop(tokens, 1 + (1 << 15) / w.columns, [&](int64_t begin, int64_t end) {
            for (int64_t t = begin; t < end; t++) k.round16(x + t * w.columns, w.columns, units, rounded + t * units * 2);
        });
        given = reinterpret_cast<const char *>(rounded);
    }
    over(w, tokens, units * 4, panel_bytes, [&](int64_t from, int64_t to, int64_t begin, int64_t end) {
        const Target target = at(w, begin, from, bias, residual, y);
        product(w.values + begin * panel_bytes, panel_bytes, end - begin, given + from * units * 4, units, to - from, target);
    });
}

}  // namespace

int64_t panels_of(int64_t rows) { return (rows + kPanel - 1) / kPanel; }
int64_t groups_of(int64_t columns) { return (columns + kGroup - 1) / kGroup; }

void pack(int bits, int64_t rows, int64_t columns, const int8_t *q, const uint16_t *scales, uint8_t *values, uint16_t *packed_scales) {
    const int64_t groups = groups_of(columns), bytes = kPanel * kGroup * bits / 8;
    const int shift = bits == 4 ? 8 : 128;
    loop(panels_of(rows), 1, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; p++) {
            for (int64_t g = 0; g < groups; g++) {
                uint8_t *out = values + (p * groups + g) * bytes;
                std::memset(out, 0, size_t(bytes));
                for (int r = 0; r < kPanel; r++) {
                    const int64_t row = p * kPanel + r;
                    packed_scales[(p * groups + g) * kPanel + r] = row < rows ? scales[row * groups + g] : uint16_t(0);
                    for (int c = 0; c < kGroup; c++) {
                        const int64_t column = g * kGroup + c;
                        const int value = (row < rows && column < columns ? q[row * columns + column] : 0) + shift;
                        const int quad = c / 4, place = r * 4 + c % 4;
                        if (bits == 4) {
                            out[quad % 4 * 64 + place] |= uint8_t(value << (quad >= 4 ? 4 : 0));
                        } else {
                            out[quad * 64 + place] = uint8_t(value);
                        }
                    }
                }
            }
        }
    });
}

void linear(const Kernels &k, const Weight &w, const float *bias, int64_t tokens, const float *x, const float *residual, float *y) {
    if (tokens <= 0) return;
    if (w.kind >= kFloat16) {
        floats(k, w, bias, tokens, x, residual, y);
        return;
    }
    const int64_t groups = groups_of(w.columns), panel_bytes = groups * kPanel * kGroup * w.kind / 8;
    const int32_t shift = w.kind == kInt4 ? 8 : 128;
    const auto product = w.kind == kInt4 ? k.ints4 : k.ints8;
    Scratch &s = scratch();
    std::lock_guard<std::mutex> lock(s.callers);
    const size_t need = size_t(tokens * groups);
    if (s.scale.size() < need) {
        s.q.resize(need * kGroup);
        s.scale.resize(need);
        s.offset.resize(need);
    }
    int8_t *q = s.q.data();
    float *scale = s.scale.data();
    int32_t *offset = s.offset.data();
    const int64_t each = 1 + (1 << 14) / w.columns;
    loop(tokens, each, [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; t++) {
            k.quantise(x + t * w.columns, w.columns, groups, shift, q + t * groups * kGroup, scale + t * groups, offset + t * groups);
        }
    });
    const Activations a = {q, scale, offset, groups};
    over(w, tokens, 1, panel_bytes, [&](int64_t from, int64_t to, int64_t begin, int64_t end) {
        product(w.values + begin * panel_bytes, w.scales + begin * groups * kPanel, end - begin, a, from, to - from, at(w, begin, from, bias, residual, y));
    });
}

}  // namespace nemo
