#include "engine/integer/integer_recurrent.h"

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"

namespace quantd {
namespace {

// Whose scale_w biases are in steps of.
constexpr int kXWeights = 0;
constexpr int kStaticBottom = 2;
constexpr int kStaticWeights = 2;

}  // namespace

absl::StatusOr<std::unique_ptr<IntegerRecurrentProducts>>
IntegerRecurrentProducts::Create(const caffe::LayerParameter& layer,
                                 const DeployFactors& factors) {
  ASSIGN_OR_RETURN(std::vector<IntegerBlob> blobs,
                   ReadRecurrentIntegers(layer, factors));
  const FakeQuantParams& x = *factors.inputs[0];
  auto products =
      absl::WrapUnique(new IntegerRecurrentProducts(std::move(blobs), x));
  for (const IntegerBlob& blob : products->blobs_) {
    products->steps_.push_back(blob.step * x.scale);
  }
  const auto& inputs = factors.inputs;
  if (QuantizedBottoms(layer).size() > 1) {
    products->static_.emplace(*inputs[kStaticBottom]);
    products->steps_[kStaticWeights] =
        products->blobs_[kStaticWeights].step * inputs[kStaticBottom]->scale;
  }
  return products;
}

absl::Status IntegerRecurrentProducts::CheckShapes(
    absl::Span<const Shape> blobs) {
  if (blobs.size() != blobs_.size()) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "MODEL_WEIGHTS_MISMATCH",
                 absl::StrCat("the caffemodel has ", blobs_.size(),
                              " blobs, the layer expects ", blobs.size()),
                 {{"expected", absl::StrCat(blobs.size())},
                  {"found", absl::StrCat(blobs_.size())}});
  }
  for (const IntegerBlob& blob : blobs_) {
    RETURN_IF_ERROR(CheckShape(blob.blob, blob.shape, blobs[blob.blob]));
  }
  shapes_.assign(blobs.begin(), blobs.end());
  return absl::OkStatus();
}

void IntegerRecurrentProducts::BeginPass() {
  x_.Clear();
  if (static_) static_->Clear();
  states_.Clear();
  sums_.clear();
  stretches_.clear();
}

QuantizedInput& IntegerRecurrentProducts::InputOf(
    RecurrentProduct::Items items) {
  if (items == RecurrentProduct::Items::kX) return x_;
  if (items == RecurrentProduct::Items::kStatic) return *static_;
  return states_;
}

const IntegerInnerProduct& IntegerRecurrentProducts::KernelOf(
    const RecurrentProduct& product, const FakeQuantParams& params) {
  const auto key = std::make_pair(product.weights, product.first_row);
  const auto found = kernels_.find(key);
  if (found != kernels_.end()) return found->second;
  const int64_t depth = shapes_[product.weights].Count(1);
  const auto row =
      blobs_[product.weights].codes.begin() + product.first_row * depth;
  const std::vector<int8_t> codes(row, row + product.num_rows * depth);
  const IntegerRange range = {params.num_bits, params.offset};
  return kernels_
      .try_emplace(key, depth, product.num_rows, /*transposed=*/false, range,
                   codes)
      .first->second;
}

absl::Status IntegerRecurrentProducts::Multiply(const RecurrentProduct& product,
                                                const float* items,
                                                int64_t num_items, float* out,
                                                int64_t out_stride) {
  const int64_t depth = shapes_[product.weights].Count(1);
  QuantizedInput& input = InputOf(product.items);
  const absl::Span<const int16_t> codes =
      input.TakeMore(absl::MakeConstSpan(items, num_items * depth));
  const int64_t num_rows = product.num_rows;
  const auto first = static_cast<int64_t>(sums_.size());
  const int64_t count = num_items * num_rows;
  if (count == 0) return absl::OkStatus();
  sums_.resize(first + count);
  stretches_.push_back({first, count, product.weights});
  int64_t* sums = sums_.data() + first;
  KernelOf(product, input.params()).Run(codes.data(), num_items, sums);

  const int32_t* bias =
      product.bias < 0 ? nullptr
                       : blobs_[product.bias].codes.data() + product.first_row;
  const bool bias_in_sum = bias != nullptr && product.weights == kXWeights;
  const auto step = static_cast<float>(steps_[product.weights]);
  const auto bias_step = static_cast<float>(steps_[kXWeights]);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t n = i % num_rows;
    if (bias_in_sum) sums[i] += bias[n];
    float value = static_cast<float>(sums[i]) * step;
    if (bias != nullptr && !bias_in_sum) {
      value += static_cast<float>(bias[n]) * bias_step;
    }
    float& y = out[i / num_rows * out_stride + n];
    y = product.accumulates ? y + value : value;
  }
  return absl::OkStatus();
}

}  // namespace quantd
