// What recurrent layers of a deploy model multiply: integers, the states too.
#ifndef QUANTD_ENGINE_INTEGER_INTEGER_RECURRENT_H_
#define QUANTD_ENGINE_INTEGER_INTEGER_RECURRENT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "engine/integer/deploy_factors.h"
#include "engine/integer/integer_inner_product.h"
#include "engine/integer/integer_weights.h"
#include "engine/integer/quantized_input.h"
#include "engine/layers/recurrent_products.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Quantizes the items of each product, x and all states with the factors of
// bottom 0, the static input with its own:
//   sum = [bias +] sum of (q - offset_d) * w          exact, in 64 bits
//   y   = float(sum) * float(scale_d * scale_w[blob])
// A bias is in steps of scale_d * scale_w[0]: that of another product than x's
// is added in float, float(bias) * float(scale_d * scale_w[0]) + y.
//
// Threads: compatible, not safe.
// Memory: 8 bytes for each sum of a pass, 2 for each integer that goes in.
class IntegerRecurrentProducts : public RecurrentProducts {
 public:
  // Of the recurrent layer `layer`. Errors: those of ReadRecurrentIntegers().
  static absl::StatusOr<std::unique_ptr<IntegerRecurrentProducts>> Create(
      const caffe::LayerParameter& layer, const DeployFactors& factors);

  absl::Status CheckShapes(absl::Span<const Shape> blobs) override;
  void BeginPass() override;
  absl::Status Multiply(const RecurrentProduct& product, const float* items,
                        int64_t num_items, float* out,
                        int64_t out_stride) override;

  QuantizedInput* x() { return &x_; }
  // Null without a static input.
  QuantizedInput* static_input() { return static_ ? &*static_ : nullptr; }
  // All that a pass multiplies of kState, in its order.
  QuantizedInput* states() { return &states_; }

  // Of the last pass, product by product.
  const std::vector<int64_t>& sums() const { return sums_; }
  // Calls visit(first, count, channel) for each product's stretch of sums().
  template <typename Visit>
  void ForEachStretch(Visit visit) const {
    for (const Stretch& stretch : stretches_) {
      visit(stretch.first, stretch.count, stretch.weights);
    }
  }
  // What one in the sums of such a `channel` stands for.
  double StepOf(int64_t channel) const { return steps_[channel]; }

 private:
  // Of sums_.
  struct Stretch {
    int64_t first = 0;
    int64_t count = 0;
    int weights = 0;  // The blob.
  };

  IntegerRecurrentProducts(std::vector<IntegerBlob> blobs,
                           const FakeQuantParams& x)
      : blobs_(std::move(blobs)), x_(x), states_(x) {}

  QuantizedInput& InputOf(RecurrentProduct::Items items);
  // The weights of `product`, whose items have `params`.
  const IntegerInnerProduct& KernelOf(const RecurrentProduct& product,
                                      const FakeQuantParams& params);

  const std::vector<IntegerBlob> blobs_;
  std::vector<double> steps_;  // By blob; of products with weights.
  std::vector<Shape> shapes_;  // Of the blobs, as the layer has them.
  QuantizedInput x_;
  absl::optional<QuantizedInput> static_;
  QuantizedInput states_;
  // By weight blob and first row.
  std::map<std::pair<int, int64_t>, IntegerInnerProduct> kernels_;
  std::vector<int64_t> sums_;
  std::vector<Stretch> stretches_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_INTEGER_RECURRENT_H_
