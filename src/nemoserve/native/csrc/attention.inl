// Attention and the root-mean-square norm, in 16-lane vectors V. Included after mamba.inl.

// Keys, or values, of one head of one sequence: [kPage][head_dim] in each of its pages, which lie in `pages`' order, `page` elements from
// number to number.
template <class T>
struct Paged {
    T *head;  // in page 0
    const int32_t *pages;
    int64_t page, head_dim;

    T *operator[](int64_t token) const { return head + pages[token / kPage] * page + token % kPage * head_dim; }
};

// out = out * shrunk + the weighted sum of the values; 16 * VECTORS of their places, or `lanes` of them.
template <int VECTORS>
inline void mix(int64_t tokens, int64_t size, const float *weights, const float *values, V shrunk, float *out, int lanes) {
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

// scores[t] = q times the key of token t; four at a time, whose sums across lanes are taken together.
inline void score(int64_t tokens, int64_t size, const float *q, const float *keys, float *scores) {
    int64_t t = 0;
    for (; t + 4 <= tokens; t += 4) {
        const float *four = keys + t * size;
        V dots[4] = {set(0.0f), set(0.0f), set(0.0f), set(0.0f)};
        by_vector(size, [&](int64_t i, int lanes) {
            const V own = load(q + i, lanes);
            for (int k = 0; k < 4; k++) dots[k] = fma(own, load(four + k * size + i, lanes), dots[k]);
        });
        sum4(dots, scores + t);
    }
    for (; t < tokens; t++) {
        V dot = set(0.0f);
        by_vector(size, [&](int64_t i, int lanes) { dot = fma(load(q + i, lanes), load(keys + t * size + i, lanes), dot); });
        scores[t] = sum(dot);
    }
}

// Keys or values as floats: where they are, or in `room`. As many from `next` on are asked for meanwhile: the processor itself looks ahead too
// little for a core to have all that memory gives.
inline const float *as_floats(const float *from, int64_t, const float *, float *) { return from; }
inline const float *as_floats(const uint16_t *from, int64_t count, const uint16_t *next, float *room) {
    by_vector(count, [&](int64_t i, int lanes) {
        __builtin_prefetch(next + i, 0, 2);
        store(room + i, load(from + i, lanes), lanes);
    });
    return room;
}

// One span of tokens, a tile at a time, whose keys and then values are made floats once, in the nearest cache, for all queries of a
// head. The softmax is taken as it goes: what was summed up shrinks whenever a larger score comes (Milakov and Gimelshein, "Online
// normalizer calculation for softmax", 2018).
template <class T>
void attend(const AttentionRow &r, float *most, float *total, float *out) {
    constexpr int64_t kRoom = 4096, kMost = 64, kAtOnce = 16;
    const int64_t size = r.head_dim;
    const Paged<const T> keys = {static_cast<const T *>(r.keys), r.pages, r.page, size}, values = {static_cast<const T *>(r.values), r.pages, r.page, size};
    int64_t tile = kMost;  // a page is a whole number of tiles
    while (tile > 1 && tile * size > kRoom) tile /= 2;
    const float root = 1.0f / __builtin_sqrtf(float(size));
    float weights[kAtOnce][kMost], shrunk[kAtOnce];
    float *room = static_cast<float *>(__builtin_alloca(static_cast<unsigned long>(size < kRoom ? kRoom : size) * sizeof(float)));
    for (int64_t g = 0; g < r.queries; g++) {
        most[g] = -3e38f;
        total[g] = 0.0f;
    }
    by_vector(r.queries * size, [&](int64_t i, int lanes) { store(out + i, set(0.0f), lanes); });
    for (int64_t from = 0; from < r.tokens; from += tile) {
        const int64_t count = r.tokens - from < tile ? r.tokens - from : tile, next = from + tile < r.tokens ? from + tile : from;
        for (int64_t begin = 0; begin < r.queries; begin += kAtOnce) {
            const int64_t queries = r.queries - begin < kAtOnce ? r.queries - begin : kAtOnce;
            const float *wide = as_floats(keys[from], count * size, keys[next], room);
            for (int64_t g = 0; g < queries; g++) {
                float *own = weights[g], top = most[begin + g];
                score(count, size, r.q + (begin + g) * size, wide, own);
                for (int64_t t = 0; t < count; t++) {
                    own[t] *= root;
                    top = own[t] > top ? own[t] : top;
                }
                shrunk[g] = top > most[begin + g] ? small_exponential(most[begin + g] - top) : 1.0f;
                V sums = set(0.0f);
                by_vector(count, [&](int64_t i, int lanes) {
                    store(own + i, exponential(load(own + i, lanes) - set(top)), lanes);
                    sums = sums + load(own + i, lanes);
                });
                total[begin + g] = total[begin + g] * shrunk[g] + sum(sums);
                most[begin + g] = top;
            }
            wide = as_floats(values[from], count * size, values[next], room);
            for (int64_t g = 0; g < queries; g++) {
                float *own = out + (begin + g) * size;
                const V factor = set(shrunk[g]);
                int64_t i = 0;
                for (; i + 4 * kPanel <= size; i += 4 * kPanel) mix<4>(count, size, weights[g], wide + i, factor, own + i, kPanel);
                for (; i < size; i += kPanel) {
                    mix<1>(count, size, weights[g], wide + i, factor, own + i, int(size - i < kPanel ? size - i : kPanel));
                }
            }
        }
    }
}

// Attention of a prompt's tokens, a block of queries after the other. The queries of a block lie in lanes, those of all heads that
// share the keys side by side, so that keys and values are read as they lie, one number for all lanes at a time, and maxima and sums
// are taken lane by lane. A tile of keys' scores is [key][query], the outputs [head_dim][query].
constexpr int64_t kQueries = kPromptQueries, kKeys = kPage;

// Keys and values of T, as floats.
template <class T>
struct Wide {
    using Element = T;
    const float *keys = nullptr, *values = nullptr;
    float *query, *room;
    int64_t size;

    Wide(int64_t size, float *scratch) : query(scratch), room(scratch + size * kQueries), size(size) {}

    void ask(int64_t lane, const float *q) {
        for (int64_t i = 0; i < size; i++) query[i * kQueries + lane] = q[i];
    }

    void take(const T *from, const T *of, int64_t count) {
        if constexpr (sizeof(T) == 4) {
            keys = from;
            values = of;
        } else {
            by_vector(count * size, [&](int64_t i, int lanes) {
                store(room + i, load(from + i, lanes), lanes);
                store(room + kKeys * size + i, load(of + i, lanes), lanes);
            });
            keys = room;
            values = room + kKeys * size;
        }
    }

    void score(int64_t count, int64_t lanes, float *scores) const {
        product(count, size, lanes, keys, size, 1, query, kQueries, scores, kQueries, false, false);
    }

    void mix(int64_t count, int64_t lanes, float *weights, float *out) const {
        product(size, count, lanes, values, 1, size, weights, kQueries, out, kQueries, true, false);
    }
};

template <class Form>
void attend_prompt(const PromptAttention &p, int64_t head, int64_t first, float *scratch) {
    using T = typename Form::Element;
    const int64_t size = p.head_dim, sharing = p.heads / p.kv_heads, room = kQueries / sharing;
    const int64_t tokens = p.tokens - first < room ? p.tokens - first : room, queries = tokens * sharing;
    const int64_t lanes = (queries + kPanel - 1) / kPanel * kPanel;
    float *scores = scratch, *out = scores + kKeys * kQueries, *most = out + size * kQueries, *total = most + kQueries;
    Form form(size, total + kQueries);
    for (int64_t i = 0; i < queries; i++) form.ask(i, p.q + (first + i / sharing) * p.q_row + (head * sharing + i % sharing) * size);
    for (int64_t i = 0; i < lanes; i++) {
        most[i] = -3e38f;
        total[i] = 0.0f;
    }
    for (int64_t i = 0; i < size * kQueries; i++) out[i] = 0.0f;
    const V root = set(1.0f / __builtin_sqrtf(float(size)));
    const int64_t own = p.start + first, end = own + tokens;  // places of the block's tokens
    const int64_t place = head * kPage * size;
    const Paged<const T> keys = {static_cast<const T *>(p.keys) + place, p.pages, p.page, size};
    const Paged<const T> values = {static_cast<const T *>(p.values) + place, p.pages, p.page, size};
    for (int64_t from = 0; from < end; from += kKeys) {
        const int64_t count = end - from < kKeys ? end - from : kKeys;
        form.take(keys[from], values[from], count);
        form.score(count, lanes, scores);
        for (int64_t key = own + 1 > from ? own + 1 : from; key < from + count; key++) {
            const int64_t hidden = (key - own) * sharing;  // queries of earlier tokens
            for (int64_t i = 0; i < hidden; i++) scores[(key - from) * kQueries + i] = -3e38f;
        }
        for (int64_t i = 0; i < lanes; i += kPanel) {
            V top = load(most + i);
            for (int64_t key = 0; key < count; key++) top = larger(top, load(scores + key * kQueries + i));
            const V factor = exponential((load(most + i) - top) * root);
            V sums = load(total + i) * factor;
            for (int64_t key = 0; key < count; key++) {
                float *place = scores + key * kQueries + i;
                const V weight = exponential((load(place) - top) * root);
                store(place, weight);
                sums = sums + weight;
            }
            store(total + i, sums);
            store(most + i, top);
            if (from > 0) {
                for (int64_t d = 0; d < size; d++) store(out + d * kQueries + i, load(out + d * kQueries + i) * factor);
            }
        }
        form.mix(count, lanes, scores, out);
    }
    for (int64_t i = 0; i < queries; i++) {
        float *y = p.y + ((first + i / sharing) * p.heads + head * sharing + i % sharing) * size;
        const float share = 1.0f / total[i];
        for (int64_t d = 0; d < size; d++) y[d] = out[d * kQueries + i] * share;
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
