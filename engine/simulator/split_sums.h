// Sums of whole numbers beyond 2^24 by a layer that computes in float32: the
// layer runs on parts of its data whose sums stay below, and what it gives is
// put together in double.
#ifndef QUANTD_ENGINE_SIMULATOR_SPLIT_SUMS_H_
#define QUANTD_ENGINE_SIMULATOR_SPLIT_SUMS_H_

#include <memory>
#include <vector>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "engine/core/layer.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// v = part 0 + part 1 * 2^bits + part 2 * 2^(2 bits) + ...; all parts but the
// last are in [-2^(bits-1), 2^(bits-1)].
struct SplitParams {
  int num_parts = 1;
  int bits = 1;
};

// The fewest parts in which whole numbers up to `largest_value` times weights
// whose magnitudes sum up to `largest_weights` give sums that float32 holds
// (kMaxWholeSum).
// None if no parts do.
absl::optional<SplitParams> FindSplit(double largest_value,
                                      double largest_weights);

// Takes the lowest part out of the whole numbers `rest`, which become what is
// left over 2^bits. `part` has as many.
void SplitOffPart(int bits, absl::Span<float> rest, float* part);

// Bottom: whole numbers (N, ...). Top: (num_parts * N, ...), part 0 of all
// first.
std::unique_ptr<Layer> MakeSplitLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase,
                                      const SplitParams& split);

// What becomes of the sums of the parts.
struct JoinParams {
  SplitParams split;
  int channel_axis = 1;      // As CanonicalAxis() takes it.
  std::vector<double> bias;  // Whole, one per channel; empty without.
  std::vector<float> steps;  // One per channel.
};

// Bottom: sums (num_parts * N, ...). Top: (N, ...),
//   float(sum of part i * 2^(i bits) + bias[c]) * steps[c]
// with one rounding to float32 before the product.
std::unique_ptr<Layer> MakeJoinLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase, JoinParams join);

}  // namespace quantd

#endif  // QUANTD_ENGINE_SIMULATOR_SPLIT_SUMS_H_
