// ReduceSum, ReduceMean, ReduceProd, ReduceMax, ReduceMin, ReduceL1, ReduceL2
// and ReduceLogSumExp: a set of axes, all if none is named, becomes one value.
// The axes are dropped, or kept as 1 with keepdims, which is the default of L1
// and L2 alone. The first of equal largest or smallest values has the gradient.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/core/tensor.h"
#include "engine/kernels/reduce.h"
#include "engine/kernels/strided_map.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

// What a type's parameters say.
struct ReduceOptions {
  const ReduceOp* op = nullptr;
  std::string axes_field;
  std::vector<int> axes;
  bool keep_dims = false;
};

class ReduceLayer : public Layer {
 public:
  ReduceLayer(const caffe::LayerParameter& param, caffe::Phase phase,
              ReduceOptions options)
      : Layer(param, phase), options_(std::move(options)) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    ASSIGN_OR_RETURN(const std::vector<int> axes,
                     CanonicalAxes(bottom, options_.axes, options_.axes_field));
    std::vector<bool> is_reduced(bottom.num_axes(), axes.empty());
    for (const int axis : axes) is_reduced[axis] = true;
    std::vector<int64_t> dims;
    for (int axis = 0; axis < bottom.num_axes(); ++axis) {
      if (!is_reduced[axis]) {
        dims.push_back(bottom[axis]);
      } else if (options_.keep_dims) {
        dims.push_back(1);
      }
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    ArrangeRows(bottom, is_reduced);
    if (row_size_ > 0 || options_.op->takes_none) return absl::OkStatus();
    return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                    " has no values to reduce"));
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    ASSIGN_OR_RETURN(const Tensor rows, Rows(*bottoms[0]));
    ReduceRows(*options_.op, rows.data(), num_rows_, row_size_, 1,
               tops[0]->DataToOverwrite());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* dy = pass.top_diffs[0]->data();
    Tensor* dx = pass.bottom_diffs[0];
    ASSIGN_OR_RETURN(const Tensor rows, Rows(*pass.bottoms[0]));
    Tensor row_diffs;
    if (are_rows_) {
      row_diffs = *dx;
    } else {
      RETURN_IF_ERROR(row_diffs.Resize(rows.shape()));
    }
    ReduceRowsBackward(*options_.op, rows.data(), dy, num_rows_, row_size_, 1,
                       row_diffs.data());
    if (are_rows_) return absl::OkStatus();
    absl::Span<float> values = dx->values();
    std::fill(values.begin(), values.end(), 0.0f);
    row_map_.AddBack(row_diffs.data(), values.data());
    return absl::OkStatus();
  }

 private:
  // Sets how `bottom` becomes rows of what is reduced to one value: the
  // reduced axes go to the end.
  void ArrangeRows(const Shape& bottom, const std::vector<bool>& is_reduced) {
    num_rows_ = row_size_ = 1;
    are_rows_ = true;
    const std::vector<StridedAxis> from = IdentityAxes(bottom);
    std::vector<StridedAxis> kept;
    std::vector<StridedAxis> reduced;
    for (int axis = 0; axis < bottom.num_axes(); ++axis) {
      (is_reduced[axis] ? reduced : kept).push_back(from[axis]);
      (is_reduced[axis] ? row_size_ : num_rows_) *= bottom[axis];
      are_rows_ = are_rows_ && (is_reduced[axis] || reduced.empty());
    }
    kept.insert(kept.end(), reduced.begin(), reduced.end());
    row_map_ = StridedMap(std::move(kept));
  }

  // The values of `x` row by row.
  absl::StatusOr<Tensor> Rows(const Tensor& x) const {
    if (are_rows_) return x;
    Tensor rows;
    RETURN_IF_ERROR(rows.Resize(x.shape()));
    row_map_.Copy(x.data(), 0, rows.DataToOverwrite());
    return rows;
  }

  const ReduceOptions options_;
  int64_t num_rows_ = 1;
  int64_t row_size_ = 1;
  bool are_rows_ = true;  // The bottom is arranged so already.
  StridedMap row_map_;
};

}  // namespace

// Defines the layer `type`, whose axes are the field `list` of `message`.
#define QUANTD_REDUCE(type, message, list)                                  \
  std::unique_ptr<Layer> MakeReduce##type##Layer(                           \
      const caffe::LayerParameter& param, caffe::Phase phase) {             \
    const auto& p = param.message();                                        \
    ReduceOptions options = {                                               \
        &kReduce##type, #message "." #list, {}, p.keepdims() != 0};         \
    options.axes.assign(p.list().begin(), p.list().end());                  \
    return std::make_unique<ReduceLayer>(param, phase, std::move(options)); \
  }

// clang-format off
QUANTD_REDUCE(L1,        reduce_l1_param,        axes)
QUANTD_REDUCE(L2,        reduce_l2_param,        axes)
QUANTD_REDUCE(LogSumExp, reduce_logsumexp_param, axis)
QUANTD_REDUCE(Max,       reduce_max_param,       axis)
QUANTD_REDUCE(Mean,      reduce_mean_param,      axis)
QUANTD_REDUCE(Min,       reduce_min_param,       axis)
QUANTD_REDUCE(Prod,      reduce_prod_param,      axis)
QUANTD_REDUCE(Sum,       reduce_sum_param,       axis)
// clang-format on

#undef QUANTD_REDUCE

}  // namespace quantd
