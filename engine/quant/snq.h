// SNQ: 4-bit non-uniform weights. Each weight becomes one of 16 whole numbers
// in [-128, 127], chosen per block, times the block's 8-bit scale.
// Source: AMCT publishes the parameters and that weights are clustered onto
// integers, not the objective; this is k-means on the codes of ARQ
// (docs/algorithms/snq.md).
// Not here: which axis of a layer's weights is the output channel (the caller
// brings it to the front).
#ifndef QUANTD_ENGINE_QUANT_SNQ_H_
#define QUANTD_ENGINE_QUANT_SNQ_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/quant/lloyd.h"

namespace quantd {

struct SnqParams {
  // The weights are that many contiguous blocks of equal size, each clustered
  // on its own: the output channels, or 1 for the whole blob.
  int64_t num_blocks = 1;
  LloydInit init = LloydInit::kUniform;
  int max_iteration = 1000;     // 500..2000.
  double min_distance = 1e-10;  // In steps of the scale; 1e-10..1e-3.
  uint64_t seed = 0;            // Of kD2Sampling; block c draws with seed + c.
  // The blocks' scales, legal ones; empty: ARQ's for 8 bits.
  absl::Span<const float> scales;
};

// What one block became.
struct SnqBlock {
  float scale = 1.0f;  // In [2^-23, 2^23].
  // Ascending; there may be equal ones.
  std::array<int8_t, kNumCentres> centres{};
  int iterations = 0;
  double squared_error = 0.0;  // Sum over the block, in squares of weights.
  // The wanted start gave a larger squared error than uniform 4-bit weights
  // (ARQ's) and kUniform a smaller one: these are its centres.
  bool fell_back = false;
  // The squared error is larger than that of uniform 4-bit weights.
  bool worse_than_uniform = false;
};

struct SnqWeights {
  std::vector<SnqBlock> blocks;
  std::vector<uint8_t> codes;  // 0..15, one per weight: index of its centre.
};

// Per block: w / scale, clipped to [-128, 127], is clustered by LloydClusters()
// and WholeCentres(); then each weight takes the centre nearest to w / scale in
// float64, the lower one of two. Up to 16 different 8-bit codes round(w /
// scale) are the centres. The result does not depend on the number of threads.
// Errors: INVALID_ARGUMENT: WEIGHT_NOT_FINITE for a NaN, OPTION_OUT_OF_RANGE
// naming the parameter, for no weights, and for num_blocks that does not divide
// them or is not the number of scales; FAILED_PRECONDITION / SCALE_OUT_OF_RANGE
// for an illegal scale, as infinite weights give. The caller adds the layer.
absl::StatusOr<SnqWeights> SnqSearch(absl::Span<const float> weights,
                                     const SnqParams& params);

// The whole numbers of the weights, what a deploy model's int8_data holds.
std::vector<int8_t> SnqIntegers(const SnqWeights& weights);

// The weights that the SoC computes with: float32(centre * scale).
std::vector<float> SnqFakeWeights(const SnqWeights& weights);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_SNQ_H_
