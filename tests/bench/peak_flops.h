// What the CPU's float32 units can do at most.
#ifndef QUANTD_TESTS_BENCH_PEAK_FLOPS_H_
#define QUANTD_TESTS_BENCH_PEAK_FLOPS_H_

namespace quantd::testing {

// Multiply-adds count two. Measured with independent FMA chains in registers,
// AVX-512 where there is one, otherwise AVX2; 0 without either.
double PeakGflops(int num_threads);

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_BENCH_PEAK_FLOPS_H_
