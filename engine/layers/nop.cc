// Nop: the top is a copy of the bottom.
#include <memory>
#include <vector>

#include "engine/core/layer.h"
#include "engine/layers/copying_layer.h"

namespace quantd {
namespace {

class NopLayer : public CopyingLayer {
 public:
  using CopyingLayer::CopyingLayer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }
};

}  // namespace

std::unique_ptr<Layer> MakeNopLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<NopLayer>(param, phase);
}

}  // namespace quantd
