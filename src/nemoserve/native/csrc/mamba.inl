// Mamba-2 in 16-lane vectors V. Included within an anonymous namespace, after the instruction set's V.

constexpr float kForgotten = -80.0f;  // exponents below this count as this one: e^-80 is nothing beside 1

inline V exponential(V x) {
    // Cephes' expf: 2^n times a polynomial of what is left. Ends within 2 units in the last place.
    x = smaller(larger(x, set(-87.0f)), set(88.0f));
    const V n = fma(x, set(1.44269504f), set(12582912.0f)) - set(12582912.0f);
    V r = fma(n, set(-0.693359375f), x);
    r = fma(n, set(2.12194440e-4f), r);
    V p = set(1.9875691500e-4f);
    p = fma(p, r, set(1.3981999507e-3f));
    p = fma(p, r, set(8.3334519073e-3f));
    p = fma(p, r, set(4.1665795894e-2f));
    p = fma(p, r, set(1.6666665459e-1f));
    p = fma(p, r, set(5.0000001201e-1f));
    p = fma(p, r * r, r + set(1.0f));
    return p * power_of_two(n);
}

inline V silu(V x) { return x / (set(1.0f) + exponential(set(0.0f) - x)); }

inline float small_exponential(float x) {
    float out[kPanel];
    store(out, exponential(set(x < kForgotten ? kForgotten : x)));
    return out[0];
}

// log(1 + e^x), as PyTorch has it.
inline float softplus(float x) { return x > 20.0f ? x : __builtin_log1pf(__builtin_expf(x)); }

// Calls body(offset, lanes) for 16 lanes at a time and the rest.
template <class Body>
inline void by_vector(int64_t count, const Body &body) {
    int64_t i = 0;
    for (; i + kPanel <= count; i += kPanel) body(i, kPanel);
    if (i < count) body(i, int(count - i));
}

inline float step_size(const MambaLayer &m, int64_t head, const float *projected) {
    float dt = softplus(projected[m.inner() + m.channels() + head] + m.dt_bias[head]);
    dt = dt < m.low ? m.low : dt;
    return dt > m.high ? m.high : dt;
}

// The three runs of channels that belong to a group: x, B, C.
struct Segment {
    int64_t from, count;
};

inline void segments_of(const MambaLayer &m, int64_t group, Segment out[3]) {
    const int64_t n = m.state_size;
    out[0] = {group * m.width(), m.width()};
    out[1] = {m.inner() + group * n, n};
    out[2] = {m.inner() + m.groups * n + group * n, n};
}

// y [width] times silu(gate), divided by its root mean square, times the norm's weights.
inline void gate_and_norm(const MambaLayer &m, int64_t group, const float *gate, float *y) {
    const int64_t width = m.width();
    V squares = set(0.0f);
    by_vector(width, [&](int64_t i, int lanes) {
        const V v = load(y + i, lanes) * silu(load(gate + i, lanes));
        squares = fma(v, v, squares);
        store(y + i, v, lanes);
    });
    const float mean = sum(squares) / float(width);
    const V factor = set(1.0f / __builtin_sqrtf(mean + m.eps));
    const float *weight = m.norm + group * width;
    by_vector(width, [&](int64_t i, int lanes) { store(y + i, load(y + i, lanes) * factor * load(weight + i, lanes), lanes); });
}

constexpr int64_t kRowsAhead = 16;  // of a state, between what is advanced and what is asked for

template <int VECTORS>
inline void advance(
    int64_t states, int64_t width, const float *b, const float *c, const float *decay, const float *input, float *state, float *y, int lanes) {
    V d[VECTORS], u[VECTORS], sums[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        d[v] = load(decay + v * kPanel);
        u[v] = load(input + v * kPanel);
        sums[v] = set(0.0f);
    }
    for (int64_t n = 0; n < states; n++) {
        const V bn = set(b[n]), cn = set(c[n]);
        const int64_t row = n + kRowsAhead;
        ask_for(row < states ? state + row * width : state + (row - states) * width + VECTORS * kPanel, VECTORS);
        for (int v = 0; v < VECTORS; v++) {
            float *place = state + n * width + v * kPanel;
            const int here = VECTORS == 1 ? lanes : kPanel;
            const V s = fma(bn, u[v], load(place, here) * d[v]);
            store(place, s, here);
            sums[v] = fma(cn, s, sums[v]);
        }
    }
    for (int v = 0; v < VECTORS; v++) store(y + v * kPanel, sums[v], VECTORS == 1 ? lanes : kPanel);
}

void mamba_step(
    const MambaLayer &m, int64_t group, const float *projected, float *conv, float *state, float *scratch, float *out) {
    const int64_t width = m.width(), n = m.state_size, per_group = m.heads / m.groups, channels = m.channels();
    const int64_t padded = width + kPanel;
    float *x = scratch, *b = x + padded, *c = b + n + kPanel, *decay = c + n + kPanel, *input = decay + padded;
    float *targets[3] = {x, b, c};
    Segment segments[3];
    segments_of(m, group, segments);
    const float *xbc = projected + m.inner();
    for (int s = 0; s < 3; s++) {
        const int64_t from = segments[s].from;
        by_vector(segments[s].count, [&](int64_t i, int lanes) {
            const int64_t channel = from + i;
            const V value = load(xbc + channel, lanes);
            // What past tokens have added, and this one; what it adds to later outputs moves up a place.
            store(targets[s] + i, silu(fma(value, load(m.taps + channel, lanes), load(conv + channel, lanes))), lanes);
            for (int64_t j = 1; j < m.kernel; j++) {
                const V next = fma(value, load(m.taps + j * channels + channel, lanes), load(conv + j * channels + channel, lanes));
                store(conv + (j - 1) * channels + channel, next, lanes);
            }
        });
    }
    for (int64_t h = 0; h < per_group; h++) {
        const int64_t head = group * per_group + h;
        const float dt = step_size(m, head, projected);
        const float kept = small_exponential(dt * m.a[head]);
        for (int64_t i = h * m.head_dim; i < (h + 1) * m.head_dim; i++) {
            decay[i] = kept;
            input[i] = dt * x[i];
        }
    }
    for (int64_t i = width; i < padded; i++) decay[i] = input[i] = 0.0f;
    float *y = out + group * width;
    int64_t w = 0;
    for (; w + 4 * kPanel <= width; w += 4 * kPanel) advance<4>(n, width, b, c, decay + w, input + w, state + w, y + w, kPanel);
    for (; w < width; w += kPanel) {
        advance<1>(n, width, b, c, decay + w, input + w, state + w, y + w, int(width - w < kPanel ? width - w : kPanel));
    }
    for (int64_t h = 0; h < per_group; h++) {
        const float d = m.d[group * per_group + h];
        for (int64_t i = h * m.head_dim; i < (h + 1) * m.head_dim; i++) y[i] += d * x[i];
    }
    gate_and_norm(m, group, projected + group * width, y);
}

// c [rows][count] = factor * c + a b, with a[i][k] at a + i * a_row + k * a_step and b [depth][count]; `count` at most 16 * VECTORS.
template <int ROWS, int VECTORS>
inline void product_tile(
    int64_t depth, const float *a, int64_t a_row, int64_t a_step, const float *b, int64_t b_row, float *c, int64_t c_row, int lanes, bool add) {
    V sums[ROWS][VECTORS];
    for (int i = 0; i < ROWS; i++) {
        for (int v = 0; v < VECTORS; v++) {
            sums[i][v] = add ? load(c + i * c_row + v * kPanel, VECTORS == 1 ? lanes : kPanel) : set(0.0f);
        }
    }
    for (int64_t k = 0; k < depth; k++) {
        V row[VECTORS];
        for (int v = 0; v < VECTORS; v++) row[v] = load(b + k * b_row + v * kPanel, VECTORS == 1 ? lanes : kPanel);
        for (int i = 0; i < ROWS; i++) {
            const V factor = set(a[i * a_row + k * a_step]);
            for (int v = 0; v < VECTORS; v++) sums[i][v] = fma(factor, row[v], sums[i][v]);
        }
    }
    for (int i = 0; i < ROWS; i++) {
        for (int v = 0; v < VECTORS; v++) store(c + i * c_row + v * kPanel, sums[i][v], VECTORS == 1 ? lanes : kPanel);
    }
}

template <int ROWS>
inline void product_rows(
    int64_t depth, int64_t count, const float *a, int64_t a_row, int64_t a_step, const float *b, int64_t b_row, float *c, int64_t c_row, bool add) {
    int64_t w = 0;
    for (; w + 4 * kPanel <= count; w += 4 * kPanel) {
        product_tile<ROWS, 4>(depth, a, a_row, a_step, b + w, b_row, c + w, c_row, kPanel, add);
    }
    for (; w + 2 * kPanel <= count; w += 2 * kPanel) {
        product_tile<ROWS, 2>(depth, a, a_row, a_step, b + w, b_row, c + w, c_row, kPanel, add);
    }
    for (; w < count; w += kPanel) {
        const int lanes = int(count - w < kPanel ? count - w : kPanel);
        product_tile<ROWS, 1>(depth, a, a_row, a_step, b + w, b_row, c + w, c_row, lanes, add);
    }
}

// c [rows][count] = a b, or c + a b. With `causal`, a[i][k] counts for k <= i only.
inline void product(
    int64_t rows, int64_t depth, int64_t count, const float *a, int64_t a_row, int64_t a_step, const float *b, int64_t b_row, float *c,
    int64_t c_row, bool add, bool causal) {
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) {
        product_rows<4>(causal ? i + 4 : depth, count, a + i * a_row, a_row, a_step, b, b_row, c + i * c_row, c_row, add);
    }
    for (; i < rows; i++) {
        product_rows<1>(causal ? i + 1 : depth, count, a + i * a_row, a_row, a_step, b, b_row, c + i * c_row, c_row, add);
    }
}

constexpr int kMostTaps = 16;

// silu of the causal convolution of up to 16 channels: out [length], `row` apart. `conv` [kernel][channels] holds what past tokens add to
// the next outputs, and last the bias; it moves on. TAPS is the kernel's length where it is known beforehand, else 0.
template <int TAPS>
inline void convolve(
    const MambaLayer &m, int64_t length, const float *x, float *conv, const float *taps, float *out, int64_t row, int lanes) {
    const int64_t kernel = TAPS > 0 ? TAPS : m.kernel, channels = m.channels(), stride = m.projected();
    V pending[TAPS > 0 ? TAPS : kMostTaps], tap[TAPS > 0 ? TAPS : kMostTaps];
    for (int64_t j = 0; j < kernel; j++) {
        pending[j] = load(conv + j * channels, lanes);
        tap[j] = load(taps + j * channels, lanes);
    }
    for (int64_t t = 0; t < length; t++) {
        const V value = load(x + t * stride, lanes);
        store(out + t * row, silu(fma(value, tap[0], pending[0])), lanes);
        for (int64_t j = 1; j < kernel; j++) pending[j - 1] = fma(value, tap[j], pending[j]);
    }
    for (int64_t j = 0; j + 1 < kernel; j++) store(conv + j * channels, pending[j], lanes);
}

// Up to kChunk tokens that follow what conv and state hold; the Python side's layers/ssd.py has the formulas.
void mamba_chunk(
    const MambaLayer &m, int64_t group, int64_t length, const float *projected, float *conv, float *state, float *scratch, float *out) {
    const int64_t width = m.width(), n = m.state_size, per_group = m.heads / m.groups, channels = m.channels();
    const int64_t stride = m.projected(), inner = m.inner(), row = width + 2 * n;
    float *sums = scratch;               // [length][row]: x, B, C side by side
    float *inputs = sums + length * row;  // [length][width]
    float *scores = inputs + length * width;    // [length][length]
    float *mixing = scores + length * length;   // [length][length]
    float *dts = mixing + length * length;      // [per_group][length]
    float *from_start = dts + per_group * length;
    float *to_end = from_start + per_group * length;
    float *rising = to_end + per_group * length;  // [length]
    float *across = rising + length;              // [n][length]
    Segment segments[3];
    segments_of(m, group, segments);
    int64_t place = 0;
    for (int s = 0; s < 3; s++) {
        const int64_t from = segments[s].from;
        by_vector(segments[s].count, [&](int64_t i, int lanes) {
            const int64_t channel = from + i;
            if (m.kernel == 4) {
                convolve<4>(m, length, projected + inner + channel, conv + channel, m.taps + channel, sums + place + i, row, lanes);
            } else {
                convolve<0>(m, length, projected + inner + channel, conv + channel, m.taps + channel, sums + place + i, row, lanes);
            }
        });
        place += segments[s].count;
    }
    const float *b = sums + width, *c = b + n;  // rows `row` apart
    // scores[t][s] = C_t . B_s for s <= t; with B transposed, so that the sums need not be taken across lanes.
    for (int64_t s = 0; s < length; s++) {
        for (int64_t i = 0; i < n; i++) across[i * length + s] = b[s * row + i];
    }
    for (int64_t t = 0; t < length;) {
        const float *own = c + t * row;
        if (t + 4 <= length) {
            product_rows<4>(n, t + 4, own, row, 1, across, length, scores + t * length, length, false);
            t += 4;
        } else {
            product_rows<1>(n, t + 1, own, row, 1, across, length, scores + t * length, length, false);
            t += 1;
        }
    }
    float *y = out + group * width;
    // What the state from before the chunk says: y_t = C_t S, to be weakened below.
    product(length, n, width, c, row, 1, state, width, y, inner, false, false);
    double total[kChunk];  // sums of dt * a since the chunk's start; in float64 their differences stay exact
    for (int64_t h = 0; h < per_group; h++) {
        const int64_t head = group * per_group + h, from = h * m.head_dim;
        double so_far = 0.0;
        for (int64_t t = 0; t < length; t++) {
            const float dt = step_size(m, head, projected + t * stride);
            so_far += double(dt * m.a[head]);
            total[t] = so_far;
            dts[h * length + t] = dt;
            for (int64_t i = from; i < from + m.head_dim; i++) inputs[t * width + i] = dt * sums[t * row + i];
        }
        for (int64_t t = 0; t < length; t++) {
            rising[t] = float(total[t] < kForgotten ? kForgotten : total[t]);
            const double rest = so_far - total[t];
            to_end[h * length + t] = float(rest < kForgotten ? kForgotten : rest);
        }
        by_vector(length, [&](int64_t i, int lanes) {
            store(from_start + h * length + i, exponential(load(rising + i, lanes)), lanes);
            store(to_end + h * length + i, exponential(load(to_end + h * length + i, lanes)), lanes);
        });
        for (int64_t t = 0; t < length; t++) {
            float *own = mixing + t * length;
            for (int64_t s = 0; s <= t; s++) {
                const double gap = total[t] - total[s];
                own[s] = float(gap < kForgotten ? kForgotten : gap);
            }
            by_vector(t + 1, [&](int64_t i, int lanes) {
                store(own + i, exponential(load(own + i, lanes)) * load(scores + t * length + i, lanes), lanes);
            });
            // The product below takes four rows at a time, up to the last of them.
            for (int64_t s = t + 1; s < length && s < t + 4; s++) own[s] = 0.0f;
            const V weaker = set(from_start[h * length + t]), d = set(m.d[head]);
            by_vector(m.head_dim, [&](int64_t i, int lanes) {
                float *target = y + t * inner + from + i;
                store(target, fma(load(target, lanes), weaker, d * load(sums + t * row + from + i, lanes)), lanes);
            });
        }
        product(length, length, m.head_dim, mixing, length, 1, inputs + from, width, y + from, inner, true, true);
    }
    // The state after the chunk: what it was, weakened, and every token's part as it has weakened by the end.
    for (int64_t t = 0; t < length; t++) {
        for (int64_t h = 0; h < per_group; h++) {
            const float weaker = to_end[h * length + t];
            for (int64_t i = h * m.head_dim; i < (h + 1) * m.head_dim; i++) inputs[t * width + i] *= weaker;
        }
    }
    for (int64_t s = 0; s < n; s++) {
        for (int64_t h = 0; h < per_group; h++) {
            const float weaker = from_start[h * length + length - 1];
            for (int64_t i = h * m.head_dim; i < (h + 1) * m.head_dim; i++) state[s * width + i] *= weaker;
        }
    }
    product(n, length, width, b, 1, row, inputs, width, state, width, true, false);
    for (int64_t t = 0; t < length; t++) gate_and_norm(m, group, projected + t * stride + group * width, y + t * inner);
}
