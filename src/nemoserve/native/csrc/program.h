// A whole model's decode step as a list of operations on a few buffers. Knows operations; not which model they make up.
#pragma once

#include <cstdint>

#include "attention.h"

namespace nemo {

enum Operation : int64_t { kNorm = 0, kLinear = 1, kMamba = 2, kSquaredRelu = 3, kAttention = 4 };

struct Step {
    int64_t operation;
    const void *layer;  // norm: float weights; linear: Weight; mamba: MambaLayer; attention: AttentionLayer
    const float *bias;  // linear; may be null
    int64_t from, to, residual;  // buffers; residual -1: none. Squared ReLU works in place on `from`
    int64_t size;       // norm and squared ReLU: width; mamba: the layer's number
    float eps;          // norm
};

struct States {
    float *conv, *ssm;             // [layer][slot]...
    int64_t conv_layer, ssm_layer;  // strides
    KeysAndValues kv;
};

// Every buffer is [rows][its width].
void run(const Kernels &k, const Step *steps, int64_t count, int64_t rows, float *const *buffers, const States &states);

}  // namespace nemo
