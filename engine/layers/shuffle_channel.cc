// ShuffleChannel: channels (axis 1) seen as (group, C / group), transposed:
// out[j * group + i] = in[i * (C / group) + j].
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class ShuffleChannelLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const int64_t group = param().shuffle_channel_param().group();
    RETURN_IF_ERROR(CheckHasChannels(bottom));
    if (group == 0 || bottom[1] % group != 0) {
      return FieldError("shuffle_channel_param.group",
                        absl::StrCat(group, " does not divide the ", bottom[1],
                                     " channels of ", bottom.ToString()));
    }
    const int64_t size = bottom[1] / group;
    const int64_t stride = bottom.Count(2);
    Top& top = tops->front();
    top.axes[1] = {{group, 0, size * stride}};
    top.axes.insert(top.axes.begin() + 1, {{size, 0, stride}});
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeShuffleChannelLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<ShuffleChannelLayer>(param, phase);
}

}  // namespace quantd
