// Products with weights of any kind. Knows rows, columns and threads; not where weights come from.
#pragma once

#include <cstdint>

namespace nemo {

struct Kernels;

// A weight in the layout of kernels.h; floats have no scales.
struct Weight {
    int64_t kind;  // a Kind
    int64_t rows, columns;
    const uint8_t *values;
    const uint16_t *scales;
};

int64_t panels_of(int64_t rows);
int64_t groups_of(int64_t columns);

// From q [rows][columns] int8 and scales [rows][groups] bfloat16 into the layout of kernels.h.
void pack(int bits, int64_t rows, int64_t columns, const int8_t *q, const uint16_t *scales, uint8_t *values, uint16_t *packed_scales);

// y[tokens][rows] = x[tokens][columns] W^T + bias + residual[tokens][rows]; bias and residual may be null; residual may be y.
void linear(const Kernels &k, const Weight &w, const float *bias, int64_t tokens, const float *x, const float *residual, float *y);

}  // namespace nemo
