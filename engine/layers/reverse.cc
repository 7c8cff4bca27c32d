// Reverse: turns round the axes of reverse_param.axis; axis 0 if there is none.
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class ReverseLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const caffe::ReverseParameter& reverse = param().reverse_param();
    std::vector<int> given(reverse.axis().begin(), reverse.axis().end());
    if (given.empty()) given = {0};
    ASSIGN_OR_RETURN(const std::vector<int> axes,
                     CanonicalAxes(bottoms[0], given, "reverse_param.axis"));
    for (const int axis : axes) {
      tops->front().axes[axis] = ReversedAxis(bottoms[0], axis);
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeReverseLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<ReverseLayer>(param, phase);
}

}  // namespace quantd
