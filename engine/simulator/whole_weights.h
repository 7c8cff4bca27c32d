// The integers that the weights of a fake-quant layer stand for.
// Not here: using them (sum_whole_numbers.h).
#ifndef QUANTD_ENGINE_SIMULATOR_WHOLE_WEIGHTS_H_
#define QUANTD_ENGINE_SIMULATOR_WHOLE_WEIGHTS_H_

#include <vector>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "engine/kernels/fake_quant.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// What a Convolution, one of its depthwise kinds, a Deconvolution or an
// InnerProduct on quantized inputs computes, in whole numbers:
//   y = float(bias[c] + sum of (q - offset) * codes) * steps[c]
struct WholeWeights {
  std::vector<float> codes;  // Whole, |code| <= 128, in the order of blob 0.
  // Whole, one per output channel; empty without. Beyond 2^23 the nearest to
  // what float32 blobs can say.
  std::vector<double> bias;
  std::vector<float> steps;  // One per output channel.
  // The largest sum of magnitudes of the codes of one output channel.
  double largest_weights = 0;
  // No sum of some of the products, with the bias, is beyond it, whatever the
  // inputs are. Below 2^24 all such sums are exact in float32, in any order.
  double largest_sum = 0;
};

// Finds codes and steps: codes[i] * scale_w[c] = blob 0 and bias[c] * steps[c]
// = blob 1, where steps[c] = float(scale_w[c] * input.scale). Fake-quant models
// do not store scale_w: it is the largest weight over a whole number of up to
// 128, one for the layer or one per channel, and gives the weights bit for bit.
// 127 goes first, as scale_w = max|w| / 127 usually; of neighbouring floats
// that give the same weights the nearest to the quotient is taken, rounded as
// the deploy model's record has it: as a float32 reciprocal. `known`, one or
// one per channel, is what such a record has, and is taken where it fits but
// for a few roundings. None for blobs that are no such products, or are not
// there.
absl::optional<WholeWeights> FindWholeWeights(
    const caffe::LayerParameter& layer, const FakeQuantParams& input,
    absl::Span<const float> known = {});

}  // namespace quantd

#endif  // QUANTD_ENGINE_SIMULATOR_WHOLE_WEIGHTS_H_
