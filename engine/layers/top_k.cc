// TopK: the K largest values of an axis, or the smallest, in order, and on top
// 1, if there, their indices as floats. Of equal values the lower index comes
// first; `sorted` is not needed for it. Sort: the values of the last axis in
// descending order, TopK with all of them.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/rank.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class TopKLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 2});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const caffe::TopKParameter& top_k = param().topk_param();
    ASSIGN_OR_RETURN(const int axis, CanonicalAxis(bottoms[0], top_k.axis(),
                                                   "topk_param.axis"));
    k_ = top_k.k();
    if (k_ < 1 || k_ > bottoms[0][axis]) {
      return FieldError("topk_param.K",
                        absl::StrCat("is ", k_, "; it must be in [1, ",
                                     bottoms[0][axis], "], the size of axis ",
                                     axis, " of ", bottoms[0].ToString()));
    }
    order_.largest_first = top_k.largest();
    return ReshapeAlong(bottoms[0], axis, tops);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* x = bottoms[0]->data();
    float* values = tops[0]->DataToOverwrite();
    float* indices = tops.size() > 1 ? tops[1]->DataToOverwrite() : nullptr;
    RankRows(x, outer_, count_, inner_, k_, order_,
             [&](int64_t o, int64_t i, const float* from,
                 const std::vector<int64_t>& best) {
               for (int64_t j = 0; j < k_; ++j) {
                 const int64_t to = (o * k_ + j) * inner_ + i;
                 values[to] = from[best[j] * inner_];
                 if (indices != nullptr) {
                   indices[to] = static_cast<float>(best[j]);
                 }
               }
             });
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return false; }

 protected:
  absl::Status ReshapeAlong(const Shape& bottom, int axis,
                            std::vector<Shape>* tops) {
    outer_ = bottom.Count(0, axis);
    count_ = bottom[axis];
    inner_ = bottom.Count(axis + 1);
    std::vector<int64_t> dims = bottom.dims();
    dims[axis] = k_;
    for (Shape& top : *tops) {
      ASSIGN_OR_RETURN(top, Shape::Create(dims));
    }
    return absl::OkStatus();
  }

  int64_t k_ = 0;
  RankOrder order_;

 private:
  // The bottom seen as (outer, count, inner): ranked for each (o, i).
  int64_t outer_ = 0;
  int64_t count_ = 0;
  int64_t inner_ = 1;
};

class SortLayer : public TopKLayer {
 public:
  using TopKLayer::TopKLayer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    if (bottoms[0].num_axes() == 0) {
      return BottomError("a bottom is a scalar: it has no axis to sort");
    }
    const int axis = bottoms[0].num_axes() - 1;
    k_ = bottoms[0][axis];
    return ReshapeAlong(bottoms[0], axis, tops);
  }
};

}  // namespace

std::unique_ptr<Layer> MakeTopKLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<TopKLayer>(param, phase);
}

std::unique_ptr<Layer> MakeSortLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<SortLayer>(param, phase);
}

}  // namespace quantd
