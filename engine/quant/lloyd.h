// Clusters numbers around 16 centres by Lloyd's algorithm (k-means in one
// dimension).
// Not here: weights and their codes (engine/quant/snq.h).
#ifndef QUANTD_ENGINE_QUANT_LLOYD_H_
#define QUANTD_ENGINE_QUANT_LLOYD_H_

#include <array>
#include <cstdint>

#include "absl/types/span.h"

namespace quantd {

inline constexpr int kNumCentres = 16;

// Where the centres start; lo and hi are the smallest and the largest point.
enum class LloydInit {
  kUniform,     // lo + j * (hi - lo) / 15.
  kGaussian,    // The 16 quantiles (j + 1/2) / 16 of a normal distribution with
                // the points' mean and deviation, clipped to [lo, hi].
  kD2Sampling,  // k-means++: points drawn with probability count * (distance to
                // the nearest chosen one)^2, the first by its count.
};

struct LloydParams {
  LloydInit init = LloydInit::kUniform;
  int max_iteration = 1000;     // Rounds, not negative.
  double min_distance = 1e-10;  // Ends when the centres move less in sum.
  uint64_t seed = 0;            // Of kD2Sampling's SplitMix64 draws.
};

// A number in [-256, 256] that occurs `count` times, 1 or more. The draws of
// kD2Sampling look at multiples of 1/256.
struct LloydPoint {
  double value;
  int64_t count;
};

using Centres = std::array<double, kNumCentres>;

struct LloydResult {
  Centres centres{};  // Ascending.
  int iterations = 0;
};

// Clusters `points`, which ascend, all different, with counts that add up to
// 2^29 at most. A point belongs to the nearest centre, to the lower one of two;
// a centre moves to the mean of its points, without points it stays. Up to 16
// points are the centres themselves, the largest repeated to fill up, without
// iterations. Without points all centres are 0.
// Deterministic: sums in the order of the points, no functions of the C library
// but the square root.
LloydResult LloydClusters(absl::Span<const LloydPoint> points,
                          const LloydParams& params);

// Whole centres for `points` of about the places of `centres`: rounded half
// away from zero, moved to the rounded mean of their points until nothing
// changes; a centre without points goes where a second one lowers the squared
// error most. Ascending; equal ones only if that lowers it nowhere. In [-128,
// 127] for points in it.
std::array<int8_t, kNumCentres> WholeCentres(
    absl::Span<const LloydPoint> points, const Centres& centres);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_LLOYD_H_
