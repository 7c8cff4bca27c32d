// LayerNormalization, LayerNormal, LayerNorm: y = (x - mean) / sqrt(variance +
// eps) over the axes from `axis` on: -1, the last one, by default, but 1 for
// the type LayerNorm. eps is epsilon or eps. Blobs of the shape of those axes,
// unless elementwise_affine is false: scale, and bias unless the model has the
// scale only.
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/filler.h"
#include "engine/layers/checks.h"
#include "engine/layers/row_norm.h"

namespace quantd {
namespace {

class LayerNormLayer : public RowNormLayer {
 public:
  using RowNormLayer::RowNormLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::LayerNormParameter& p = param().layer_norm_param();
    norm_.rows.eps = p.has_epsilon() ? p.epsilon() : p.eps();
    RETURN_IF_ERROR(CheckEps("layer_norm_param.eps", norm_.rows.eps));
    RETURN_IF_ERROR(Resolve(bottoms[0]));
    normalized_ = norm_.affine.shape;
    if (!p.elementwise_affine()) return absl::OkStatus();
    RETURN_IF_ERROR(AddBlob(normalized_.dims(), ConstantFiller(1)));
    if (expected_blobs().size() == 1) return absl::OkStatus();
    return AddBlob(normalized_.dims());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(Resolve(bottoms[0]));
    if (!blobs_.empty()) {
      RETURN_IF_ERROR(norm_.affine.CheckBlob(normalized_, "normalized"));
    }
    norm_.rows.rows = norm_.affine.outer;
    norm_.rows.size = norm_.affine.dim;
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

 private:
  absl::Status Resolve(const Shape& shape) {
    const caffe::LayerNormParameter& p = param().layer_norm_param();
    const int axis = type() == "LayerNorm" && !p.has_axis() ? 1 : p.axis();
    ASSIGN_OR_RETURN(const int begin,
                     CanonicalAxis(shape, axis, "layer_norm_param.axis"));
    ASSIGN_OR_RETURN(norm_.affine, ChannelBroadcast::OfBlob(
                                       shape, begin, -1, "layer_norm_param"));
    return absl::OkStatus();
  }

  Shape normalized_;
};

}  // namespace

std::unique_ptr<Layer> MakeLayerNormLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<LayerNormLayer>(param, phase);
}

}  // namespace quantd
