#include "mamba.h"

#include <vector>

#include "kernels.h"
#include "pool.h"

namespace nemo {
namespace {

float *scratch_of(int64_t size) {
    static thread_local std::vector<float> room;
    if (int64_t(room.size()) < size) room.resize(std::size_t(size));
    return room.data();
}

}  // namespace

int64_t mamba_scratch(const MambaLayer &m, int64_t length) {
    const int64_t rows = length < kChunk ? length : kChunk;
    return rows * (3 * m.width() + 2 * m.state_size) + m.state_size * 4 * kPanel;
}

void mamba_step(
    const Kernels &k, const MambaLayer &m, int64_t rows, const int64_t *slots, const float *projected, float *conv, float *state, float *y) {
    const int64_t size = m.groups * m.state_size * m.width();
    // One small state is done sooner than another thread is woken.
    const int64_t piece = rows * size < (1 << 15) ? rows * m.groups : 1;
    loop(rows * m.groups, piece, [&](int64_t begin, int64_t end) {
        float *scratch = scratch_of(mamba_scratch(m, 1));
        for (int64_t i = begin; i < end; i++) {
            const int64_t row = i / m.groups, group = i % m.groups, slot = slots[row];
            k.mamba_tokens(
                m, group, 1, projected + row * m.projected(), conv + slot * m.kernel * m.channels(),
                state + slot * size + group * (size / m.groups), scratch, y + row * m.inner());
        }
    });
}

void mamba_run(const Kernels &k, const MambaLayer &m, int64_t length, const float *projected, float *conv, float *state, float *y) {
    loop(m.groups, 1, [&](int64_t begin, int64_t end) {
        float *scratch = scratch_of(mamba_scratch(m, length));
        for (int64_t group = begin; group < end; group++) {
            float *own = state + group * m.state_size * m.width();
            for (int64_t t = 0; t < length; t += kChunk) {
                const int64_t count = length - t < kChunk ? length - t : kChunk;
                k.mamba_tokens(m, group, count, projected + t * m.projected(), conv, own, scratch, y + t * m.inner());
            }
        }
    });
}

}  // namespace nemo
