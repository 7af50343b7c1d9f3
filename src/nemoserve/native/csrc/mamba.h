// The Mamba-2 mixer between its two projections: causal convolution, state-space recurrence, gate, grouped norm. Knows float arrays.
//
// For a group of heads, all of this depends on the group's own channels only, so a (sequence, group) is one piece of work.
#pragma once

#include <cstdint>

namespace nemo {

struct Kernels;

// Sizes in elements; arrays are float32. A projected token is [gate inner | x inner | B groups * state | C groups * state | dt heads].
struct MambaLayer {
    int64_t heads, head_dim, groups, state_size, kernel;
    float low, high;       // bounds of the step size
    float eps;             // of the norm
    const float *taps;     // [kernel][channels], latest tap first
    const float *dt_bias;  // [heads]
    const float *a;        // [heads], negative
    const float *d;        // [heads]
    const float *norm;     // [inner]

    int64_t inner() const { return heads * head_dim; }
    int64_t width() const { return inner() / groups; }
    int64_t channels() const { return inner() + 2 * groups * state_size; }
    int64_t projected() const { return inner() + channels() + heads; }
};

constexpr int64_t kChunk = 64;  // tokens of a prompt that go through the scan together

// Floats that one piece of work needs beside its inputs.
int64_t mamba_scratch(const MambaLayer &m, int64_t length);

// One token of each of `rows` sequences, whose slots these are. projected [rows][projected()], conv [slot][kernel][channels] and state
// [slot][groups][state][width], which advance; y [rows][inner].
void mamba_step(
    const Kernels &k, const MambaLayer &m, int64_t rows, const int64_t *slots, const float *projected, float *conv, float *state, float *y);

// `length` tokens of one sequence: projected [length][projected()], conv [kernel][channels], state [groups][state][width], y [length][inner].
void mamba_run(const Kernels &k, const MambaLayer &m, int64_t length, const float *projected, float *conv, float *state, float *y);

}  // namespace nemo
