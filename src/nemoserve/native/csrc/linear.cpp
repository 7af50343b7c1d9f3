#include "linear.h"

#include <cstring>
#include <mutex>
#include <vector>

#include "kernels.h"
#include "pool.h"

namespace nemo {
namespace {

constexpr int64_t kSpan = 128;          // tokens that stay in the second-level cache while the weight passes by
constexpr int64_t kPieceBytes = 1 << 16;  // of weight, for one thread at a time
constexpr int64_t kPieceWork = 1 << 21;   // products that are worth a thread's attention

struct Scratch {
    std::mutex callers;
    std::vector<int8_t> q;
    std::vector<float> scale;
    std::vector<int32_t> offset;
};

Scratch &scratch() {
    static Scratch *made = new Scratch;
    return *made;
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

void linear(const Kernels &k, const QuantisedWeight &w, const float *bias, int64_t tokens, const float *x, const float *residual, float *y) {
    if (tokens <= 0) return;
    const int64_t groups = groups_of(w.columns), panels = panels_of(w.rows);
    const int64_t panel_bytes = groups * kPanel * kGroup * w.bits / 8;
    const int32_t shift = w.bits == 4 ? 8 : 128;
    const auto panel = w.bits == 4 ? k.panel4 : k.panel8;
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
    for (int64_t from = 0; from < tokens; from += kSpan) {
        const int64_t to = from + kSpan < tokens ? from + kSpan : tokens;
        // Pieces large enough to be read in long runs, and small enough to be shared out fairly.
        int64_t piece = 1 + kPieceBytes / panel_bytes;
        const int64_t work = kPanel * w.columns * (to - from);
        if (piece * work > kPieceWork) piece = 1 + kPieceWork / work;
        loop(panels, piece, [&](int64_t begin, int64_t end) {
            float out[kTile * kPanel];
            for (int64_t p = begin; p < end; p++) {
                const uint8_t *values = w.values + p * panel_bytes;
                const uint16_t *scales = w.scales + p * groups * kPanel;
                const int64_t row = p * kPanel;
                const int64_t rows = w.rows - row < kPanel ? w.rows - row : kPanel;
                for (int64_t t = from; t < to; t += kTile) {
                    const int count = int(to - t < kTile ? to - t : kTile);
                    panel(values, scales, a, t, count, out);
                    for (int i = 0; i < count; i++) {
                        float *target = y + (t + i) * w.rows + row;
                        const float *add = residual == nullptr ? nullptr : residual + (t + i) * w.rows + row;
                        for (int64_t r = 0; r < rows; r++) {
                            float value = out[i * kPanel + r];
                            if (bias != nullptr) value += bias[row + r];
                            if (add != nullptr) value += add[r];
                            target[r] = value;
                        }
                    }
                }
            }
        });
    }
}

}  // namespace nemo
