// MVN, Mvm: y = (x - mean) / (sqrt(variance) + eps), over each plane (H, W), or
// with across_channels over each item (C, H, W). Without normalize_variance
// only the mean is taken away.
#include <memory>

#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/row_norm.h"

namespace quantd {
namespace {

class MvnLayer : public RowNormLayer {
 public:
  using RowNormLayer::RowNormLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::MVNParameter& mvn = param().mvn_param();
    RETURN_IF_ERROR(CheckEps("mvn_param.eps", mvn.eps()));
    norm_.rows.eps = mvn.eps();
    norm_.rows.eps_in_root = false;
    norm_.rows.divide = mvn.normalize_variance();
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& shape = bottoms[0];
    const int64_t channels =
        param().mvn_param().across_channels() ? 1 : shape.LegacyDim(1);
    norm_.rows.rows = shape.LegacyDim(0) * channels;
    norm_.rows.size =
        norm_.rows.rows == 0 ? 0 : shape.num_elements() / norm_.rows.rows;
    (*tops)[0] = shape;
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeMvnLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<MvnLayer>(param, phase);
}

}  // namespace quantd
