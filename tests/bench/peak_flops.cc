#include "tests/bench/peak_flops.h"

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/bench/stopwatch.h"

namespace quantd::testing {
namespace {

constexpr int kChains = 12;  // More than latency times units.
constexpr int64_t kRounds = 2000000;

__attribute__((target("avx512f"))) float RunAvx512() {
  __m512 chains[kChains];
  for (__m512& chain : chains) chain = _mm512_set1_ps(1);
  const __m512 a = _mm512_set1_ps(0.5f);
  const __m512 b = _mm512_set1_ps(0.5f);
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (__m512& chain : chains) chain = _mm512_fmadd_ps(chain, a, b);
  }
  float sum = 0;
  for (const __m512& chain : chains) sum += _mm512_cvtss_f32(chain);
  return sum;
}

__attribute__((target("avx2,fma"))) float RunAvx2() {
  __m256 chains[kChains];
  for (__m256& chain : chains) chain = _mm256_set1_ps(1);
  const __m256 a = _mm256_set1_ps(0.5f);
  const __m256 b = _mm256_set1_ps(0.5f);
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (__m256& chain : chains) chain = _mm256_fmadd_ps(chain, a, b);
  }
  float sum = 0;
  for (const __m256& chain : chains) sum += _mm256_cvtss_f32(chain);
  return sum;
}

}  // namespace

double PeakGflops(int num_threads) {
  const bool avx512 = __builtin_cpu_supports("avx512f");
  if (!avx512 && !__builtin_cpu_supports("fma")) return 0;
  const double flops = 2.0 * (avx512 ? 16 : 8) * kChains * kRounds;
  double best = 0;
  for (int repetition = 0; repetition < 5; ++repetition) {
    std::vector<double> rates(num_threads);
#pragma omp parallel for num_threads(num_threads)
    for (int i = 0; i < num_threads; ++i) {
      const double begin = NowMs(true);
      const float result = avx512 ? RunAvx512() : RunAvx2();
      rates[i] = flops / (NowMs(true) - begin) * 1e-6;
      asm volatile("" : : "x"(result));  // The work must be done.
    }
    double sum = 0;
    for (const double rate : rates) sum += rate;
    best = std::max(best, sum);
  }
  return best;
}

}  // namespace quantd::testing
