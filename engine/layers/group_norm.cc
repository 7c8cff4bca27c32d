// GroupNorm: y = (x - mean) / sqrt(variance + eps) over each group of channels
// and their pixels. The number of groups is num_groups, group or group_ratio,
// eps is epsilon or eps. Blobs, for num_groups or group, or if the model has
// them: scale and bias per channel; group_ratio alone has none.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/filler.h"
#include "engine/layers/checks.h"
#include "engine/layers/row_norm.h"

namespace quantd {
namespace {

class GroupNormLayer : public RowNormLayer {
 public:
  using RowNormLayer::RowNormLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::GroupNormParameter& p = param().group_norm_param();
    groups_ = p.has_num_groups() ? p.num_groups()
              : p.has_group()    ? p.group()
                                 : p.group_ratio();
    norm_.rows.eps = p.has_epsilon() ? p.epsilon() : p.eps();
    RETURN_IF_ERROR(CheckEps("group_norm_param.eps", norm_.rows.eps));
    RETURN_IF_ERROR(CheckGroups(bottoms[0]));
    channels_ = bottoms[0][1];
    const std::vector<Shape>& expected = expected_blobs();
    if (expected.empty() && !p.has_num_groups() && !p.has_group()) {
      return absl::OkStatus();
    }
    // One fork's blobs are 1xCx1x1.
    std::vector<int64_t> dims = {channels_};
    if (!expected.empty() && expected[0].num_elements() == channels_) {
      dims = expected[0].dims();
    }
    RETURN_IF_ERROR(AddBlob(
        dims, p.has_scale_filler() ? p.scale_filler() : ConstantFiller(1)));
    return AddBlob(dims, p.bias_filler());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& shape = bottoms[0];
    RETURN_IF_ERROR(CheckGroups(shape));
    RETURN_IF_ERROR(CheckChannels(shape, shape[1], channels_));
    norm_.rows.rows = shape[0] * groups_;
    norm_.rows.size = channels_ / groups_ * shape.Count(2);
    ASSIGN_OR_RETURN(norm_.affine,
                     ChannelBroadcast::OfBlob(shape, 1, 1, "group_norm_param"));
    (*tops)[0] = shape;
    return absl::OkStatus();
  }

 private:
  absl::Status CheckGroups(const Shape& shape) const {
    RETURN_IF_ERROR(CheckHasChannels(shape));
    if (groups_ > 0 && shape[1] % groups_ == 0) return absl::OkStatus();
    return FieldError(
        "group_norm_param.num_groups",
        absl::StrCat("(or group, group_ratio) is ", groups_,
                     "; it must divide the ", shape[1], " channels"));
  }

  int64_t groups_ = 1;
  int64_t channels_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeGroupNormLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<GroupNormLayer>(param, phase);
}

}  // namespace quantd
