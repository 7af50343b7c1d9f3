// Products with weights of floats, in 16-lane vectors V. A token's sums do not depend on its companions. Included after target.inl.

template <class T>
struct Tile {
    template <int PANELS, int TOKENS>
    static void run(const char *w, int64_t panel, const char *x, int64_t units, const Target &y, int64_t panel_number, int64_t first, const Ahead &ahead) {
        V sums[PANELS][TOKENS];
        for (int p = 0; p < PANELS; p++) {
            for (int t = 0; t < TOKENS; t++) sums[p][t] = set(0.0f);
        }
        const float *given = reinterpret_cast<const float *>(x);
        for (int64_t u = 0; u < units; u++) {
            V rows[PANELS];
            for (int p = 0; p < PANELS; p++) rows[p] = load(reinterpret_cast<const T *>(w + p * panel) + u * kPanel);
            ahead.ask(u);
            for (int t = 0; t < TOKENS; t++) {
                const V value = set(given[t * units + u]);
                for (int p = 0; p < PANELS; p++) sums[p][t] = fma(rows[p], value, sums[p][t]);
            }
        }
        finish<PANELS, TOKENS>(sums, y, panel_number, first);
    }
};

// bfloat16 weights, widened; the tokens are floats.
struct PairTile {
    template <int PANELS, int TOKENS>
    static void run(const char *w, int64_t panel, const char *x, int64_t units, const Target &y, int64_t panel_number, int64_t first, const Ahead &ahead) {
        V sums[PANELS][TOKENS];
        for (int p = 0; p < PANELS; p++) {
            for (int t = 0; t < TOKENS; t++) sums[p][t] = set(0.0f);
        }
        const float *given = reinterpret_cast<const float *>(x);
        for (int64_t u = 0; u < units; u += 2) {
            V first[PANELS], second[PANELS];
            for (int p = 0; p < PANELS; p++) load_pairs(reinterpret_cast<const uint16_t *>(w + p * panel) + u * kPanel, first[p], second[p]);
            ahead.ask(u, 2);
            for (int t = 0; t < TOKENS; t++) {
                const V value = set(given[t * units + u]), next = set(u + 1 < units ? given[t * units + u + 1] : 0.0f);
                for (int p = 0; p < PANELS; p++) sums[p][t] = fma(second[p], next, fma(first[p], value, sums[p][t]));
            }
        }
        finish<PANELS, TOKENS>(sums, y, panel_number, first);
    }
};

template <class Form, int PANELS>
inline void float_tile(
    const char *w, int64_t panel, const char *x, int64_t units, int tokens, const Target &y, int64_t number, int64_t first, const Ahead &ahead) {
    if constexpr (kTokens * PANELS <= kSums && kTokens == 8) {
        if (tokens == 8) return Form::template run<PANELS, 8>(w, panel, x, units, y, number, first, ahead);
        if (tokens == 7) return Form::template run<PANELS, 7>(w, panel, x, units, y, number, first, ahead);
    }
    if constexpr (6 * PANELS <= kSums) {
        if (tokens == 6) return Form::template run<PANELS, 6>(w, panel, x, units, y, number, first, ahead);
        if (tokens == 5) return Form::template run<PANELS, 5>(w, panel, x, units, y, number, first, ahead);
    }
    if constexpr (4 * PANELS <= kSums) {
        if (tokens == 4) return Form::template run<PANELS, 4>(w, panel, x, units, y, number, first, ahead);
        if (tokens == 3) return Form::template run<PANELS, 3>(w, panel, x, units, y, number, first, ahead);
    }
    if constexpr (2 * PANELS <= kSums) {
        if (tokens == 2) return Form::template run<PANELS, 2>(w, panel, x, units, y, number, first, ahead);
    }
    Form::template run<PANELS, 1>(w, panel, x, units, y, number, first, ahead);
}

// As many panels and tokens together as there are registers for: the tokens of a tile share what is read of the weight, the panels what
// is read of the tokens.
template <class Form>
void floats(const void *w, int64_t panel, int64_t panels, const void *x, int64_t units, int64_t tokens, const Target &y) {
    const char *weight = static_cast<const char *>(w), *given = static_cast<const char *>(x);
    const int64_t widest = kSums / (tokens < kTokens ? tokens : kTokens);
    for (int64_t p = 0, width; p < panels; p += width) {
        width = panels - p < widest ? panels - p : widest;
        width = width < 4 ? width : 4;
        for (int64_t t = 0; t < tokens; t += kTokens) {
            const int count = int(tokens - t < kTokens ? tokens - t : kTokens);
            const char *own = weight + p * panel, *from = given + t * units * 4;
            // A single pass is waiting for memory all the time, and asking takes time, too.
            const int64_t passes = (tokens + kTokens - 1) / kTokens, bytes = passes > 1 ? width * panel : 0;
            const Ahead ahead(own + width * panel, bytes, units, t / kTokens, passes);
            switch (width) {
                case 4: float_tile<Form, 4>(own, panel, from, units, count, y, p, t, ahead); break;
                case 3: float_tile<Form, 3>(own, panel, from, units, count, y, p, t, ahead); break;
                case 2: float_tile<Form, 2>(own, panel, from, units, count, y, p, t, ahead); break;
                default: float_tile<Form, 1>(own, panel, from, units, count, y, p, t, ahead);
            }
        }
    }
}
