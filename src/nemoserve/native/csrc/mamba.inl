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

// What a strip of a group's channels needs, and where its outputs go; rows of tokens, and of the state, lie so far apart.
struct Strip {
    int64_t length, states, width, row, out_row, state_row;
    const float *b, *c, *decay, *input;
    float *state, *y;
};

constexpr int64_t kRowsAhead = 16;  // of a state in memory, between what is advanced and what is asked for: then the next strip's

// state = decay * state + B input, y = C state, for 16 * VECTORS channels and one token after the other. `NEAR`: the state is in the cache.
template <int VECTORS, bool NEAR>
inline void advance(const Strip &s, int lanes) {
    for (int64_t t = 0; t < s.length; t++) {
        const float *b = s.b + t * s.row, *c = s.c + t * s.row;
        V decay[VECTORS], input[VECTORS], sums[VECTORS];
        for (int v = 0; v < VECTORS; v++) {
            decay[v] = load(s.decay + t * s.width + v * kPanel);
            input[v] = load(s.input + t * s.width + v * kPanel);
            sums[v] = set(0.0f);
        }
        for (int64_t n = 0; n < s.states; n++) {
            const V bn = set(b[n]), cn = set(c[n]);
            if (!NEAR) {
                const int64_t ahead = n + kRowsAhead, next = ahead < s.states ? ahead * s.state_row : (ahead - s.states) * s.state_row + VECTORS * kPanel;
                ask_for(s.state + next, VECTORS);
            }
            for (int v = 0; v < VECTORS; v++) {
                float *place = s.state + n * s.state_row + v * kPanel;
                const int here = VECTORS == 1 ? lanes : kPanel;
                const V next = fma(bn, input[v], load(place, here) * decay[v]);
                store(place, next, here);
                sums[v] = fma(cn, next, sums[v]);
            }
        }
        for (int v = 0; v < VECTORS; v++) store(s.y + t * s.out_row + v * kPanel, sums[v], VECTORS == 1 ? lanes : kPanel);
    }
}

// The same with the state in one piece meanwhile: rows far apart drive each other out of the cache. `tile` has as many floats as it.
template <int VECTORS>
inline void advance_within(Strip s, int lanes, float *tile) {
    if (s.length == 1) return advance<VECTORS, false>(s, lanes);
    constexpr int64_t size = VECTORS * kPanel;
    float *state = s.state;
    const int64_t count = VECTORS == 1 ? lanes : size, row = s.state_row;
    for (int64_t n = 0; n < s.states; n++) __builtin_memcpy(tile + n * size, state + n * row, count * sizeof(float));
    s.state = tile;
    s.state_row = size;
    advance<VECTORS, true>(s, lanes);
    for (int64_t n = 0; n < s.states; n++) __builtin_memcpy(state + n * row, tile + n * size, count * sizeof(float));
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

// Up to kChunk tokens that follow what conv and state hold, one after the other: what a token gives is the same wherever a prompt is cut,
// down to the last bit. A strip of channels goes through all tokens while its state lies in the first-level cache.
void mamba_tokens(
    const MambaLayer &m, int64_t group, int64_t length, const float *projected, float *conv, float *state, float *scratch, float *out) {
    const int64_t width = m.width(), n = m.state_size, per_group = m.heads / m.groups, channels = m.channels();
    const int64_t stride = m.projected(), inner = m.inner(), row = width + 2 * n;
    float *sums = scratch;                     // [length][row]: x, B, C side by side
    float *decays = sums + length * row;       // [length][width]
    float *inputs = decays + length * width;   // [length][width]
    float *tile = inputs + length * width;     // [n][4 vectors]: also read as the last input's end
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
    for (int64_t t = 0; t < length; t++) {
        for (int64_t h = 0; h < per_group; h++) {
            const int64_t head = group * per_group + h;
            const float dt = step_size(m, head, projected + t * stride), kept = small_exponential(dt * m.a[head]);
            for (int64_t i = h * m.head_dim; i < (h + 1) * m.head_dim; i++) {
                decays[t * width + i] = kept;
                inputs[t * width + i] = dt * sums[t * row + i];
            }
        }
    }
    float *y = out + group * width;
    const float *b = sums + width;
    for (int64_t w = 0; w < width;) {
        const Strip strip = {length, n, width, row, inner, width, b, b + n, decays + w, inputs + w, state + w, y + w};
        const int64_t left = width - w;
        if (left >= 4 * kPanel) {
            advance_within<4>(strip, kPanel, tile);
            w += 4 * kPanel;
        } else {
            advance_within<1>(strip, int(left < kPanel ? left : kPanel), tile);
            w += kPanel;
        }
    }
    for (int64_t t = 0; t < length; t++) {
        for (int64_t h = 0; h < per_group; h++) {
            const float d = m.d[group * per_group + h];
            for (int64_t i = h * m.head_dim; i < (h + 1) * m.head_dim; i++) y[t * inner + i] += d * sums[t * row + i];
        }
        gate_and_norm(m, group, projected + t * stride + group * width, y + t * inner);
    }
}
