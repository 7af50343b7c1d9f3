// Where sums go, in 16-lane vectors V.

// The sums of PANELS panels from number `panel` on and TOKENS tokens from number `first` on, to where they belong.
template <int PANELS, int TOKENS>
inline void finish(const V (&sums)[PANELS][TOKENS], const Target &y, int64_t panel, int64_t first) {
    for (int p = 0; p < PANELS; p++) {
        const int64_t row = (panel + p) * kPanel;
        const int lanes = int(y.left - row < kPanel ? y.left - row : kPanel);
        const V bias = y.bias == nullptr ? set(0.0f) : load(y.bias + row, lanes);
        for (int t = 0; t < TOKENS; t++) {
            const int64_t place = (first + t) * y.rows + row;
            V value = sums[p][t] + bias;
            if (y.residual != nullptr) value = value + load(y.residual + place, lanes);
            store(y.y + place, value, lanes);
        }
    }
}
