// The functions that Python calls by ctypes, with raw pointers; library.py has their signatures. Pointers are trusted.
#include "attention.h"
#include "cpu.h"
#include "linear.h"
#include "mamba.h"
#include "pool.h"
#include "program.h"

#define NEMO_API extern "C" __attribute__((visibility("default")))

using namespace nemo;

NEMO_API const char *nemo_instruction_set() { return kernels().name; }
NEMO_API int nemo_use(const char *name) { return use(name) ? 1 : 0; }
NEMO_API void nemo_set_threads(int count) { set_threads(count); }

NEMO_API void nemo_pack(
    int bits, int64_t rows, int64_t columns, const int8_t *q, const uint16_t *scales, uint8_t *values, uint16_t *packed_scales) {
    pack(bits, rows, columns, q, scales, values, packed_scales);
}

NEMO_API void nemo_linear(
    const Weight *w, const float *bias, int64_t tokens, const float *x, const float *residual, float *y) {
    linear(kernels(), *w, bias, tokens, x, residual, y);
}

NEMO_API void nemo_mamba_step(
    const MambaLayer *m, int64_t rows, const int64_t *slots, const float *projected, float *conv, float *state, float *y) {
    mamba_step(kernels(), *m, rows, slots, projected, conv, state, y);
}

NEMO_API void nemo_mamba_run(
    const MambaLayer *m, int64_t length, const float *projected, float *conv, float *state, float *y) {
    mamba_run(kernels(), *m, length, projected, conv, state, y);
}

NEMO_API void nemo_norm(int64_t rows, int64_t width, const float *weight, float eps, const float *x, float *y) {
    norms(kernels(), rows, width, weight, eps, x, y);
}

NEMO_API void nemo_attention(
    const AttentionLayer *layer, const KeysAndValues *kv, int64_t rows, const float *q, int64_t q_row, const float *k, int64_t k_row,
    const float *v, int64_t v_row, float *y) {
    attention(kernels(), *layer, *kv, rows, q, q_row, k, k_row, v, v_row, y);
}

NEMO_API void nemo_prompt_attention(const PromptAttention *p) { prompt_attention(kernels(), *p); }

NEMO_API void nemo_squared_relu(int64_t count, float *x) {
    loop(count, 1 << 15, [&](int64_t begin, int64_t end) { kernels().squared_relu(end - begin, x + begin); });
}

NEMO_API void nemo_run(const Step *steps, int64_t count, int64_t rows, float *const *buffers, const States *states) {
    run(kernels(), steps, count, rows, buffers, *states);
}
