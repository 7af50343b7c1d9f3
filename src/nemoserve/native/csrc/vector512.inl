// The vector V of the AVX-512 kernels. Included within an anonymous namespace.

// Sixteen floats in one register.
struct V {
    __m512 all;
};

inline V set(float x) { return {_mm512_set1_ps(x)}; }
inline V load(const float *p) { return {_mm512_loadu_ps(p)}; }
inline __mmask16 mask_of(int lanes) { return __mmask16((1u << lanes) - 1); }
inline V load(const float *p, int lanes) { return lanes == kPanel ? load(p) : V{_mm512_maskz_loadu_ps(mask_of(lanes), p)}; }
// bfloat16s, as floats.
inline V load(const uint16_t *p, int lanes = kPanel) {
    const __m256i half = lanes == kPanel ? _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p)) : _mm256_maskz_loadu_epi16(mask_of(lanes), p);
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16))};
}
inline V load(const Half *p) { return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(p)))}; }
// The first and the second of 16 pairs of bfloat16s, as floats.
inline void load_pairs(const uint16_t *p, V &first, V &second) {
    const __m512i both = _mm512_loadu_si512(p);
    first = {_mm512_castsi512_ps(_mm512_slli_epi32(both, 16))};
    second = {_mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(int(0xffff0000u))))};
}
inline void store(float *p, V x, int lanes = kPanel) {
    if (lanes == kPanel) {
        _mm512_storeu_ps(p, x.all);
    } else {
        _mm512_mask_storeu_ps(p, mask_of(lanes), x.all);
    }
}
inline V operator+(V a, V b) { return {_mm512_add_ps(a.all, b.all)}; }
inline V operator-(V a, V b) { return {_mm512_sub_ps(a.all, b.all)}; }
inline V operator*(V a, V b) { return {_mm512_mul_ps(a.all, b.all)}; }
inline V operator/(V a, V b) { return {_mm512_div_ps(a.all, b.all)}; }
inline V fma(V a, V b, V c) { return {_mm512_fmadd_ps(a.all, b.all, c.all)}; }
inline V larger(V a, V b) { return {_mm512_max_ps(a.all, b.all)}; }
inline V smaller(V a, V b) { return {_mm512_min_ps(a.all, b.all)}; }
// 2^n for whole n from -126 to 127.
inline V power_of_two(V n) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n.all), _mm512_set1_epi32(127)), 23))};
}
inline float sum(V x) { return _mm512_reduce_add_ps(x.all); }

constexpr int kSums = 24, kTokens = 8;  // that stay in registers beside what they are made of; tokens of a tile

// The sums of four vectors, side by side.
inline void sum4(const V (&x)[4], float *out) {
    const __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(x[0].all, x[1].all), _mm512_unpackhi_ps(x[0].all, x[1].all));
    const __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(x[2].all, x[3].all), _mm512_unpackhi_ps(x[2].all, x[3].all));
    const __m512 both = _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(both), _mm512_extractf32x8_ps(both, 1));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}
