// Products with weights of 4 and 8 bits, by a kernel for one panel and up to kTile tokens. Included after panel() and target.inl.

template <int BITS>
void ints(const uint8_t *w, const uint16_t *scales, int64_t panels, const Activations &a, int64_t first, int64_t tokens, const Target &y) {
    float out[kTile * kPanel];
    for (int64_t p = 0; p < panels; p++) {
        for (int64_t t = 0; t < tokens; t += kTile) {
            const int count = int(tokens - t < kTile ? tokens - t : kTile);
            panel<BITS>(w + p * a.groups * kPanel * kGroup * BITS / 8, scales + p * a.groups * kPanel, a, first + t, count, out);
            for (int i = 0; i < count; i++) {
                const V sums[1][1] = {{load(out + i * kPanel)}};
                finish<1, 1>(sums, y, p, t + i);
            }
        }
    }
}
