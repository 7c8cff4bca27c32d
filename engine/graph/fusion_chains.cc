#include "engine/graph/fusion_chains.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/model/shared_params.h"

namespace quantd {
namespace {

constexpr int kBatchNormBlobs = 3;

bool HasLossWeight(const caffe::LayerParameter& layer) {
  return std::any_of(layer.loss_weight().begin(), layer.loss_weight().end(),
                     [](float weight) { return weight != 0; });
}

// True if every blob of `layer` has `count` values, in one float array each.
bool BlobsHaveValues(const caffe::LayerParameter& layer, int num_blobs,
                     int64_t count) {
  if (layer.blobs_size() != num_blobs) return false;
  return std::all_of(layer.blobs().begin(), layer.blobs().end(),
                     [count](const caffe::BlobProto& blob) {
                       return static_cast<int64_t>(FloatValues(blob).size()) ==
                              count;
                     });
}

bool IsGlobalBatchNorm(const caffe::LayerParameter& layer, int64_t channels) {
  const caffe::BatchNormParameter& param = layer.batch_norm_param();
  const bool trains = layer.has_phase() && layer.phase() == caffe::TRAIN;
  if (param.has_use_global_stats() ? !param.use_global_stats() : trains) {
    return false;
  }
  if (layer.blobs_size() != kBatchNormBlobs) return false;
  const auto count = [&layer](int i) {
    return static_cast<int64_t>(FloatValues(layer.blobs(i)).size());
  };
  return count(0) == channels && count(1) == channels && count(2) == 1;
}

absl::Status FoldBatchNorm(const caffe::LayerParameter& layer,
                           FusionHead* head) {
  const std::vector<float> mean = FloatValues(layer.blobs(0));
  const std::vector<float> variance = FloatValues(layer.blobs(1));
  const float factor = FloatValues(layer.blobs(2))[0];
  const float inverse = factor == 0 ? 0 : 1 / factor;
  const float eps = layer.batch_norm_param().eps();
  std::vector<float> divisor(variance.size());
  std::vector<float> shift(mean.size());
  for (size_t c = 0; c < variance.size(); ++c) {
    const float sum = inverse * variance[c] + eps;
    if (!(sum > 0) || !std::isfinite(sum)) {
      return Error(
          absl::StatusCode::kFailedPrecondition, "BATCH_NORM_VARIANCE",
          absl::StrCat("layer \"", layer.name(), "\" (BatchNorm), channel ", c,
                       ": variance + eps is ", sum,
                       ", which has no square root to divide by; train the "
                       "layer or add it to skip_fusion_layers"),
          {{"layer", layer.name()},
           {"channel", absl::StrCat(c)},
           {"value", absl::StrCat(sum)}});
    }
    divisor[c] = std::sqrt(sum);
    shift[c] = inverse * mean[c];
  }
  head->Subtract(shift);
  head->Divide(divisor);
  return absl::OkStatus();
}

bool MemberFits(const caffe::LayerParameter& layer, const FusionHead& head) {
  if (layer.type() == "BatchNorm") {
    return IsGlobalBatchNorm(layer, head.channels());
  }
  if (layer.type() == "Scale") {
    const caffe::ScaleParameter& param = layer.scale_param();
    return param.num_axes() == 1 && head.IsChannelAxis(param.axis()) &&
           BlobsHaveValues(layer, param.bias_term() ? 2 : 1, head.channels());
  }
  const caffe::BiasParameter& param = layer.bias_param();
  return param.num_axes() == 1 && head.IsChannelAxis(param.axis()) &&
         BlobsHaveValues(layer, 1, head.channels());
}

absl::Status FoldMember(const caffe::LayerParameter& layer, FusionHead* head) {
  if (layer.type() == "BatchNorm") return FoldBatchNorm(layer, head);
  if (layer.type() == "Scale") {
    head->Multiply(FloatValues(layer.blobs(0)));
    if (layer.blobs_size() == 2) head->Add(FloatValues(layer.blobs(1)));
    return absl::OkStatus();
  }
  head->Add(FloatValues(layer.blobs(0)));
  return absl::OkStatus();
}

}  // namespace

FusionChains::FusionChains(const caffe::NetParameter& net,
                           const GraphView& view,
                           const std::vector<std::string>& skip,
                           std::set<std::string> keep_blobs)
    : net_(net),
      view_(view),
      skip_(skip.begin(), skip.end()),
      keep_(std::move(keep_blobs)),
      shared_params_(SharedParams(net)) {}

int FusionChains::RankOf(const std::string& type) {
  if (type == "BatchNorm") return 1;
  if (type == "Scale") return 2;
  if (type == "Bias") return 3;
  return 0;
}

bool FusionChains::MayFuse(const caffe::LayerParameter& layer) const {
  return !skip_.contains(layer.name()) &&
         FirstSharedParam(layer, shared_params_).empty();
}

bool FusionChains::MayBeMember(const caffe::LayerParameter& layer,
                               const FusionHead& head) const {
  return RankOf(layer.type()) > 0 && MayFuse(layer) && !HasLossWeight(layer) &&
         layer.bottom_size() == 1 && layer.top_size() == 1 &&
         MemberFits(layer, head);
}

std::vector<int> FusionChains::Behind(int index, const FusionHead& head) const {
  std::vector<int> members;
  int rank = RankOf(net_.layer(index).type());
  for (int at = index; !HasLossWeight(net_.layer(at));) {
    const int next = view_.SingleConsumer(at);
    if (next < 0) break;
    const caffe::LayerParameter& member = net_.layer(next);
    const int next_rank = RankOf(member.type());
    if (next_rank <= rank || !MayBeMember(member, head) ||
        VanishesKept(net_.layer(at), member)) {
      break;
    }
    members.push_back(next);
    rank = next_rank;
    at = next;
  }
  return members;
}

bool FusionChains::VanishesKept(const caffe::LayerParameter& layer,
                                const caffe::LayerParameter& member) const {
  return member.top(0) != layer.top(0) && keep_.count(layer.top(0)) > 0;
}

absl::Status FoldMembers(const caffe::NetParameter& net,
                         const std::vector<int>& members, FusionHead* head) {
  for (const int member : members) {
    RETURN_IF_ERROR(FoldMember(net.layer(member), head));
  }
  return absl::OkStatus();
}

void RemoveLayers(const std::vector<bool>& removed, caffe::NetParameter* net) {
  auto* const layers = net->mutable_layer();
  int kept = 0;
  for (int i = 0; i < layers->size(); ++i) {
    if (removed[i]) continue;
    if (kept != i) layers->SwapElements(kept, i);
    ++kept;
  }
  layers->DeleteSubrange(kept, layers->size() - kept);
}

}  // namespace quantd
