#include "program.h"

#include "kernels.h"
#include "linear.h"
#include "mamba.h"

namespace nemo {

void run(const Kernels &k, const Step *steps, int64_t count, int64_t rows, float *const *buffers, const States &states) {
    for (int64_t i = 0; i < count; i++) {
        const Step &s = steps[i];
        float *from = buffers[s.from], *to = buffers[s.to];
        switch (s.operation) {
            case kNorm:
                norms(k, rows, s.size, static_cast<const float *>(s.layer), s.eps, from, to);
                break;
            case kLinear: {
                const Weight &w = *static_cast<const Weight *>(s.layer);
                linear(k, w, s.bias, rows, from, s.residual < 0 ? nullptr : buffers[s.residual], to);
                break;
            }
            case kMamba: {
                const MambaLayer &m = *static_cast<const MambaLayer *>(s.layer);
                mamba_step(k, m, rows, states.kv.slots, from, states.conv + s.size * states.conv_layer, states.ssm + s.size * states.ssm_layer, to);
                break;
            }
            case kSquaredRelu:
                k.squared_relu(rows * s.size, from);
                break;
            case kAttention: {
                const AttentionLayer &a = *static_cast<const AttentionLayer *>(s.layer);
                const int64_t keys = a.heads * a.head_dim, values = keys + a.kv_heads * a.head_dim;
                const int64_t row = values + a.kv_heads * a.head_dim;
                attention(k, a, states.kv, rows, from, row, from + keys, row, from + values, row, to);
                break;
            }
        }
    }
}

}  // namespace nemo
