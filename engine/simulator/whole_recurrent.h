// What recurrent layers of a fake-quant model multiply: whole numbers in
// floats, the states rounded as the chip rounds them.
#ifndef QUANTD_ENGINE_SIMULATOR_WHOLE_RECURRENT_H_
#define QUANTD_ENGINE_SIMULATOR_WHOLE_RECURRENT_H_

#include <cstdint>
#include <vector>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "engine/kernels/fake_quant.h"
#include "engine/layers/recurrent_products.h"
#include "engine/simulator/split_sums.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The blobs of a recurrent layer. Biases are in steps of scale_d * scale_w[0].
struct WholeRecurrentWeights {
  struct Blob {
    Shape shape;
    std::vector<float> values;  // Biases beyond 2^24 are rounded.
    // What one in `values` stands for: scale_w; scale_d * scale_w[0] of a
    // bias; 1 where the values are no whole numbers of a step.
    float step = 1;
    bool is_whole = false;
    // The parts of what weights are multiplied by, so that float32 holds all
    // sums, whatever the inputs are.
    SplitParams split;
  };
  std::vector<Blob> blobs;
  bool is_exact = false;  // All blobs are whole, and all sums exact.
};

// The factors of a recurrent layer's inputs.
struct RecurrentInputs {
  FakeQuantParams x;  // Of the states, too.
  absl::optional<FakeQuantParams> static_input;
};

// `known`: scale_w of a record, one per weight blob, taken where it fits; else
// each is found as FindWholeWeights() finds it. None for blobs that the layer
// cannot have.
absl::optional<WholeRecurrentWeights> FindWholeRecurrent(
    const caffe::LayerParameter& layer, const RecurrentInputs& inputs,
    absl::Span<const float> known);

// y = float(sum of (q - offset_d) * code [+ bias]) * float(scale_d * scale_w):
// what IntegerRecurrentProducts (engine/integer) computes, bit for bit where
// the weights are exact.
//
// Threads: compatible, not safe.
class WholeRecurrentProducts : public RecurrentProducts {
 public:
  WholeRecurrentProducts(WholeRecurrentWeights weights,
                         const RecurrentInputs& inputs);

  // From the next pass on, keeps states() and results().
  // Memory: 4 bytes for each product of a pass, 2 for each state.
  void KeepResults() { keeps_results_ = true; }

  absl::Status CheckShapes(absl::Span<const Shape> blobs) override;
  void BeginPass() override;
  absl::Status Multiply(const RecurrentProduct& product, const float* items,
                        int64_t num_items, float* out,
                        int64_t out_stride) override;

  // Of the last pass, product by product: the integers q of the states, and the
  // sums times their steps, with the bias only of x.
  const std::vector<int16_t>& states() const { return states_; }
  const std::vector<float>& results() const { return results_; }

 private:
  // Sets total_ to items_ times rows of `weights`.
  absl::Status SumParts(const RecurrentProduct& product,
                        const WholeRecurrentWeights::Blob& weights,
                        int64_t num_items, int64_t depth);

  WholeRecurrentWeights weights_;
  const RecurrentInputs inputs_;
  bool keeps_results_ = false;
  std::vector<float> items_;   // Of one product: q - offset_d.
  std::vector<float> part_;    // Of items_.
  std::vector<float> sums_;    // Of the part.
  std::vector<double> total_;  // Of all parts.
  std::vector<int16_t> states_;
  std::vector<float> results_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_SIMULATOR_WHOLE_RECURRENT_H_
