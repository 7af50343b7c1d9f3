// Attention of one new token and the root-mean-square norm, in 16-lane vectors V. Included after mamba.inl.

void attend(const AttentionRow &r, float *scratch, float *out) {
    const int64_t size = r.head_dim;
    const float root = 1.0f / __builtin_sqrtf(float(size));
    for (int64_t g = 0; g < r.queries; g++) {
        const float *q = r.q + g * size;
        float most = -3e38f;
        for (int64_t t = 0; t < r.tokens; t++) {
            V dot = set(0.0f);
            by_vector(size, [&](int64_t i, int lanes) { dot = fma(load(q + i, lanes), load(r.keys + t * size + i, lanes), dot); });
            scratch[t] = sum(dot) * root;
            most = scratch[t] > most ? scratch[t] : most;
        }
        V total = set(0.0f);
        by_vector(r.tokens, [&](int64_t i, int lanes) {
            store(scratch + i, exponential(load(scratch + i, lanes) - set(most)), lanes);
            total = total + load(scratch + i, lanes);
        });
        const V share = set(1.0f / sum(total));
        by_vector(size, [&](int64_t i, int lanes) {
            V mixed = set(0.0f);
            for (int64_t t = 0; t < r.tokens; t++) mixed = fma(set(scratch[t]), load(r.values + t * size + i, lanes), mixed);
            store(out + g * size + i, mixed * share, lanes);
        });
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
