// Input: tops whose values the caller sets (Net::MutableBlob).
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class InputLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {0, 0}, num_tops, {1, Arity::kAny}));
    const auto& shapes = param().input_param().shape();
    if (shapes.size() > 1 && shapes.size() != num_tops) {
      return FieldError("input_param.shape",
                        "must be given never, once, or once per top");
    }
    for (int i = 0; i < num_tops; ++i) {
      if (shapes.empty()) {
        shapes_.emplace_back();
        continue;
      }
      const caffe::BlobShape& shape = shapes[shapes.size() == 1 ? 0 : i];
      ASSIGN_OR_RETURN(Shape checked,
                       Shape::Create({shape.dim().begin(), shape.dim().end()}));
      shapes_.push_back(std::move(checked));
    }
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    *tops = shapes_;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    return absl::OkStatus();
  }

 private:
  std::vector<Shape> shapes_;
};

}  // namespace

std::unique_ptr<Layer> MakeInputLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<InputLayer>(param, phase);
}

}  // namespace quantd
