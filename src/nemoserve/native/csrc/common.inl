// What every instruction set computes by the same source, vectorised by the compiler. Included within an anonymous namespace, so
// that the linker never takes one set's copy for another's.

inline float wide(uint16_t bf16) {
    const uint32_t bits = uint32_t(bf16) << 16;
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}

// Asks for memory that will be read soon: the processor itself looks ahead too little, and not across pages, for a core to have all that
// memory gives.
inline void ask_for(const void *p, int64_t lines) {
    for (int64_t i = 0; i < lines; i++) __builtin_prefetch(static_cast<const char *>(p) + i * 64);
}

// What comes after some panels of a weight, asked for while these are multiplied: `step` bytes with each step of a product. The first passes
// over the panels, for some tokens each, share in that.
struct Ahead {
    const char *from;
    int64_t step;

    Ahead(const void *next, int64_t bytes, int64_t steps, int64_t pass, int64_t passes) {
        const int64_t asking = passes < 4 ? passes : 4;
        step = pass < asking ? bytes / steps / asking : 0;
        from = static_cast<const char *>(next) + pass * step * steps;
    }

    void ask(int64_t first, int64_t steps = 1) const { ask_for(from + first * step, (steps * step + 63) / 64); }
};

struct Half {  // IEEE's float16
    uint16_t bits;
};

inline uint16_t narrow(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void round16(const float *x, int64_t columns, int64_t units, uint16_t *out) {
    for (int64_t i = 0; i < columns; i++) out[i] = narrow(x[i]);
    for (int64_t i = columns; i < units * 2; i++) out[i] = 0;
}

void quantise(const float *x, int64_t columns, int64_t groups, int32_t shift, int8_t *q, float *scale, int32_t *offset) {
    for (int64_t g = 0; g < groups; g++) {
        float part[kGroup];
        const int64_t left = columns - g * kGroup;
        const int count = left < kGroup ? int(left) : kGroup;
        for (int i = 0; i < kGroup; i++) part[i] = i < count ? x[g * kGroup + i] : 0.0f;
        float most = 0.0f;
#pragma omp simd reduction(max : most)
        for (int i = 0; i < kGroup; i++) {
            const float size = __builtin_fabsf(part[i]);
            most = size > most ? size : most;
        }
        // A group of nothing but zeros or tiny numbers would have an infinite factor.
        const float factor = most > 1e-30f ? 127.0f / most : 0.0f;
        int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < kGroup; i++) {
            // Adding and subtracting 1.5 * 2^23 rounds to the nearest whole number, ties to even.
            const float rounded = part[i] * factor + 12582912.0f;
            int32_t bits;
            __builtin_memcpy(&bits, &rounded, 4);
            const int8_t value = int8_t(bits - 0x4B400000);
            q[g * kGroup + i] = value;
            sum += value;
        }
        scale[g] = most > 1e-30f ? most * (1.0f / 127.0f) : 0.0f;
        offset[g] = -shift * sum;
    }
}
