// Attention of one new token and the root-mean-square norm, in 16-lane vectors V. Included after mamba.inl.

// out = out * shrunk + the weighted sum of the values; 16 * VECTORS of their places, or `lanes` of them.
template <int VECTORS, class T>
inline void mix(int64_t tokens, int64_t size, const float *weights, const T *values, V shrunk, float *out, int lanes) {
    V sums[VECTORS];
    for (int v = 0; v < VECTORS; v++) sums[v] = load(out + v * kPanel, VECTORS == 1 ? lanes : kPanel) * shrunk;
    for (int64_t t = 0; t < tokens; t++) {
        const V weight = set(weights[t]);
        for (int v = 0; v < VECTORS; v++) {
            sums[v] = fma(weight, load(values + t * size + v * kPanel, VECTORS == 1 ? lanes : kPanel), sums[v]);
        }
    }
    for (int v = 0; v < VECTORS; v++) store(out + v * kPanel, sums[v], VECTORS == 1 ? lanes : kPanel);
}

// One span of tokens, a tile at a time, so that all queries of a head find its keys and values in the nearest cache. The softmax is
// taken as it goes: what was summed up shrinks whenever a larger score comes (Milakov and Gimelshein, "Online normalizer
// calculation for softmax", 2018).
template <class T>
void attend(const AttentionRow &r, float *most, float *total, float *out) {
    constexpr int64_t kTokens = 64;
    const int64_t size = r.head_dim;
    const float root = 1.0f / __builtin_sqrtf(float(size));
    float weights[kTokens];
    for (int64_t g = 0; g < r.queries; g++) {
        most[g] = -3e38f;
        total[g] = 0.0f;
    }
    by_vector(r.queries * size, [&](int64_t i, int lanes) { store(out + i, set(0.0f), lanes); });
    for (int64_t from = 0; from < r.tokens; from += kTokens) {
        const int64_t count = r.tokens - from < kTokens ? r.tokens - from : kTokens;
        const T *keys = static_cast<const T *>(r.keys) + from * size, *values = static_cast<const T *>(r.values) + from * size;
        for (int64_t g = 0; g < r.queries; g++) {
            const float *q = r.q + g * size;
            float *own = out + g * size, top = most[g];
            for (int64_t t = 0; t < count; t++) {
                V dot = set(0.0f);
                by_vector(size, [&](int64_t i, int lanes) { dot = fma(load(q + i, lanes), load(keys + t * size + i, lanes), dot); });
                weights[t] = sum(dot) * root;
                top = weights[t] > top ? weights[t] : top;
            }
            const float factor = top > most[g] ? small_exponential(most[g] - top) : 1.0f;
            const V shrunk = set(factor);
            V sums = set(0.0f);
            by_vector(count, [&](int64_t i, int lanes) {
                store(weights + i, exponential(load(weights + i, lanes) - set(top)), lanes);
                sums = sums + load(weights + i, lanes);
            });
            total[g] = total[g] * factor + sum(sums);
            most[g] = top;
            int64_t i = 0;
            for (; i + 4 * kPanel <= size; i += 4 * kPanel) mix<4>(count, size, weights, values + i, shrunk, own + i, kPanel);
            for (; i < size; i += kPanel) {
                mix<1>(count, size, weights, values + i, shrunk, own + i, int(size - i < kPanel ? size - i : kPanel));
            }
        }
    }
}

void norm(int64_t width, const float *weight, float eps, const float *x, float *y) {
    V squares = set(0.0f);
    by_vector(width, [&](int64_t i, int lanes) {
        const V v = load(x + i, lanes);
        squares = fma(v, v, squares);
    });
    const V factor = set(1.0f / __builtin_sqrtf(sum(squares) / float(width) + eps));
    by_vector(width, [&](int64_t i, int lanes) { store(y + i, load(x + i, lanes) * factor * load(weight + i, lanes), lanes); });
}

void squared_relu(int64_t count, float *x) {
    by_vector(count, [&](int64_t i, int lanes) {
        const V v = larger(load(x + i, lanes), set(0.0f));
        store(x + i, v * v, lanes);
    });
}
