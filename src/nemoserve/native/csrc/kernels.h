// The table of kernels that one instruction set offers. Knows layouts and sizes; no threads, no models.
//
// A quantised weight [rows, columns] lies in panels of 16 rows; a panel lies in groups of 32 columns. Within a group, four columns
// of each of the 16 rows are side by side (64 bytes), which is one operand of a VNNI instruction:
//   int8: 8 such quads, each value v stored as v + 128;
//   int4: 4 such quads, low half: columns 0 to 15, high half: columns 16 to 31, each value v stored as v + 8.
// Scales are bfloat16 [panel][group][16]. Missing rows and columns are filled with zeros.
// A weight of floats lies in the same panels: bfloat16 as [panel][pair of columns][16][2], float32 and float16 as [panel][column][16].
// Activations are quantised by token and group: q = rint(x * 127 / max|x|), with scale = max|x| / 127, and
// offset = -(128 or 8) * sum(q), which takes the stored values' shift out again.
#pragma once

#include <cstdint>

namespace nemo {

enum Kind : int64_t { kInt4 = 4, kInt8 = 8, kFloat16 = 15, kBfloat16 = 16, kFloat32 = 32 };  // of a weight

constexpr int kPanel = 16;
constexpr int kGroup = 32;
constexpr int kTile = 8;  // tokens that are taken together, at most
constexpr int kAhead = 4096;  // bytes of a quantised weight between what is multiplied and what is asked for

struct Activations {
    const int8_t *q;        // [tokens][groups * 32]
    const float *scale;     // [tokens][groups]
    const int32_t *offset;  // [tokens][groups]
    int64_t groups;
};

// Where the sums of a piece of a product go: y [token][rows], from the piece's first row on, of which `left` are the weight's own. Bias
// [left] and residual [token][rows] are added, or null.
struct Target {
    float *y;
    const float *bias, *residual;
    int64_t rows, left;
};

struct AttentionRow;
struct PromptAttention;
struct MambaLayer;

struct Kernels {
    const char *name;
    // One token: x [columns] to q [groups * 32], scale [groups], offset [groups]; columns past the end count as zero.
    void (*quantise)(const float *x, int64_t columns, int64_t groups, int32_t shift, int8_t *q, float *scale, int32_t *offset);
    // The rows of some panels times tokens, the first of which is a's `first`. A token's result does not depend on its companions.
    void (*ints4)(const uint8_t *w, const uint16_t *scales, int64_t panels, const Activations &a, int64_t first, int64_t tokens, const Target &y);
    void (*ints8)(const uint8_t *w, const uint16_t *scales, int64_t panels, const Activations &a, int64_t first, int64_t tokens, const Target &y);
    // Whether bfloats takes tokens of bfloat16s, `units` pairs of them; otherwise, as the others do, `units` floats.
    bool pairs;
    // Rows of floats, in panels that lie `panel` bytes apart, times tokens of `units` values.
    void (*halves)(const void *w, int64_t panel, int64_t panels, const void *x, int64_t units, int64_t tokens, const Target &y);
    void (*bfloats)(const void *w, int64_t panel, int64_t panels, const void *x, int64_t units, int64_t tokens, const Target &y);
    void (*floats)(const void *w, int64_t panel, int64_t panels, const void *x, int64_t units, int64_t tokens, const Target &y);
    // x [columns] to pairs of bfloat16s, rounded to the nearest, ties to even; zero after the last.
    void (*round16)(const float *x, int64_t columns, int64_t units, uint16_t *out);
    // Up to kChunk tokens of one sequence and one group of heads; mamba.h has the shapes. `projected`, `conv` and `out` are the whole
    // sequence's, `state` is the group's, `scratch` has mamba_scratch() floats.
    void (*mamba_tokens)(
        const MambaLayer &m, int64_t group, int64_t length, const float *projected, float *conv, float *state, float *scratch, float *out);
    // out [queries][head_dim]: the values' sums, weighted by exp(score - most), where `most` [queries] are the largest scores and
    // `total` [queries] the weights' sums. Keys and values are floats, or bfloat16s.
    void (*attend)(const AttentionRow &r, float *most, float *total, float *out);
    void (*attend16)(const AttentionRow &r, float *most, float *total, float *out);
    // A block of a prompt's queries of one key head; attention.h says which.
    void (*attend_prompt)(const PromptAttention &p, int64_t head, int64_t first, float *scratch);
    void (*attend_prompt16)(const PromptAttention &p, int64_t head, int64_t first, float *scratch);
    void (*norm)(int64_t width, const float *weight, float eps, const float *x, float *y);
    void (*squared_relu)(int64_t count, float *x);
};

extern const Kernels kPlain;
#if defined(__x86_64__)
extern const Kernels kAvx2;
extern const Kernels kAvx512;
const Kernels &avx512_bf16();
#endif

}  // namespace nemo
