// Softmax over softmax_param.axis.
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/softmax.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class SoftmaxLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(axis_,
                     CanonicalAxis(bottoms[0], param().softmax_param().axis(),
                                   "softmax_param.axis"));
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Shape& shape = bottoms[0]->shape();
    Softmax(bottoms[0]->data(), shape.Count(0, axis_), shape[axis_],
            shape.Count(axis_ + 1), tops[0]->data());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const Shape& shape = pass.tops[0]->shape();
    SoftmaxBackward(pass.tops[0]->data(), pass.top_diffs[0]->data(),
                    shape.Count(0, axis_), shape[axis_], shape.Count(axis_ + 1),
                    pass.bottom_diffs[0]->data());
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  int axis_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeSoftmaxLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<SoftmaxLayer>(param, phase);
}

}  // namespace quantd
