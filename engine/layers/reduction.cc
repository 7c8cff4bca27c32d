// Reduction: the axes from reduction_param.axis on become one value each,
// y = coeff * op(x), where op is SUM x, ASUM |x|, SUMSQ x^2 or their MEAN x.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/reduce.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

const ReduceOp& OpOf(caffe::ReductionParameter::ReductionOp operation) {
  switch (operation) {
    case caffe::ReductionParameter::SUM:
      break;
    case caffe::ReductionParameter::ASUM:
      return kReduceL1;
    case caffe::ReductionParameter::SUMSQ:
      return kReduceSumSquares;
    case caffe::ReductionParameter::MEAN:
      return kReduceMean;
  }
  return kReduceSum;
}

class ReductionLayer : public Layer {
 public:
  ReductionLayer(const caffe::LayerParameter& param, caffe::Phase phase)
      : Layer(param, phase), op_(OpOf(param.reduction_param().operation())) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    ASSIGN_OR_RETURN(const int axis,
                     CanonicalAxis(bottom, param().reduction_param().axis(),
                                   "reduction_param.axis"));
    rows_ = bottom.Count(0, axis);
    row_size_ = bottom.Count(axis);
    if (row_size_ == 0 && !op_.takes_none) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " has no values to reduce"));
    }
    const auto& dims = bottom.dims();
    ASSIGN_OR_RETURN((*tops)[0],
                     Shape::Create({dims.begin(), dims.begin() + axis}));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* x = bottoms[0]->data();
    ReduceRows(op_, x, rows_, row_size_, coeff(), tops[0]->DataToOverwrite());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    ReduceRowsBackward(op_, pass.bottoms[0]->data(), pass.top_diffs[0]->data(),
                       rows_, row_size_, coeff(), pass.bottom_diffs[0]->data());
    return absl::OkStatus();
  }

 private:
  float coeff() const { return param().reduction_param().coeff(); }

  const ReduceOp& op_;
  int64_t rows_ = 0;
  int64_t row_size_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeReductionLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<ReductionLayer>(param, phase);
}

}  // namespace quantd
