// InnerProduct with integers. Shapes and parameters are those of
// engine/layers/inner_product.cc.
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/integer/integer_inner_product.h"
#include "engine/integer/integer_layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class IntegerInnerProductLayer : public IntegerLayer {
 public:
  using IntegerLayer::IntegerLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::InnerProductParameter& p = param().inner_product_param();
    ASSIGN_OR_RETURN(axis_, bottoms[0].CanonicalAxis(p.axis()));
    num_in_ = bottoms[0].Count(axis_);
    num_out_ = p.num_output();
    if (num_out_ < 1 || num_out_ > INT32_MAX) {
      return FieldError("inner_product_param.num_output", "must be positive");
    }
    if (num_in_ < 1) return BottomError("a bottom has no values per item");
    std::vector<int64_t> dims = {num_out_, num_in_};
    if (p.transpose()) dims = {num_in_, num_out_};
    ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
    RETURN_IF_ERROR(
        CheckFits(weights(), shape, p.bias_term() ? num_out_ : 0, num_out_));
    const FakeQuantParams& params = input()->params();
    kernel_.emplace(num_in_, num_out_, p.transpose(),
                    IntegerRange{params.num_bits, params.offset},
                    weights().codes);
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    if (bottom.num_axes() < axis_ || bottom.Count(axis_) != num_in_) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " does not fit: the axes "
                                      "from ",
                                      axis_, " on must have ", num_in_,
                                      " values"));
    }
    std::vector<int64_t> dims(bottom.dims().begin(),
                              bottom.dims().begin() + axis_);
    dims.push_back(num_out_);
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    SetLayout(num_out_, 1);
    return absl::OkStatus();
  }

 protected:
  void ComputeSums(const int16_t* codes, const Shape& bottom,
                   int64_t* sums) override {
    kernel_->Run(codes, bottom.Count(0, axis_), sums);
  }

 private:
  int axis_ = 1;
  int64_t num_in_ = 0;
  int64_t num_out_ = 0;
  std::optional<IntegerInnerProduct> kernel_;
};

}  // namespace

std::unique_ptr<IntegerLayer> MakeIntegerInnerProductLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    const DeployFactors& factors, IntegerWeights weights) {
  return std::make_unique<IntegerInnerProductLayer>(param, phase, factors,
                                                    std::move(weights));
}

}  // namespace quantd
