#include "engine/graph/insert_depthwise_convs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/graph/fusion_chains.h"
#include "engine/graph/fusion_head.h"
#include "engine/graph/graph_view.h"

namespace quantd {
namespace {

std::vector<std::string> NamesOutside(const std::set<std::string>& layers,
                                      const caffe::NetParameter& net) {
  std::vector<std::string> names;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layers.count(layer.name()) == 0) names.push_back(layer.name());
  }
  return names;
}

// A DepthwiseConv that changes nothing, in the place of `layer`. Without blobs
// in `layer` it is none that FusionHead takes.
caffe::LayerParameter Identity(const caffe::LayerParameter& layer) {
  caffe::LayerParameter identity;
  identity.set_name(DepthwiseConvName(layer.name()));
  identity.set_type("DepthwiseConv");
  *identity.mutable_bottom() = layer.bottom();
  *identity.mutable_top() = layer.top();
  const size_t channels =
      layer.blobs_size() > 0 ? FloatValues(layer.blobs(0)).size() : 0;
  identity.mutable_convolution_param()->set_num_output(
      static_cast<uint32_t>(channels));
  identity.mutable_convolution_param()->add_kernel_size(1);
  caffe::BlobProto* const weights = identity.add_blobs();
  for (const size_t dim : {channels, size_t{1}, size_t{1}, size_t{1}}) {
    weights->mutable_shape()->add_dim(static_cast<int64_t>(dim));
  }
  caffe::BlobProto* const bias = identity.add_blobs();
  bias->mutable_shape()->add_dim(static_cast<int64_t>(channels));
  for (size_t c = 0; c < channels; ++c) {
    weights->add_data(1);
    bias->add_data(0);
  }
  return identity;
}

absl::Status CheckNameIsFree(const std::string& name,
                             const caffe::NetParameter& net) {
  if (std::none_of(net.layer().begin(), net.layer().end(),
                   [&name](const caffe::LayerParameter& layer) {
                     return layer.name() == name;
                   })) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kInvalidArgument, "LAYER_NAME_NOT_UNIQUE",
               absl::StrCat("the model has a layer \"", name,
                            "\", which is the name of the DepthwiseConv that "
                            "takes the place of a BatchNorm, Scale or Bias; "
                            "rename it"),
               {{"layer", name}});
}

}  // namespace

std::string DepthwiseConvName(const std::string& first_layer) {
  return absl::StrCat(first_layer, "_dwconv");
}

absl::StatusOr<std::vector<std::string>> InsertDepthwiseConvs(
    const std::set<std::string>& layers, FusedNet* fused) {
  const caffe::NetParameter& net = fused->net;
  ASSIGN_OR_RETURN(const GraphView view, GraphView::Create(net));
  const FusionChains chains(net, view, NamesOutside(layers, net), {});
  std::vector<std::string> firsts;
  std::vector<std::pair<int, caffe::LayerParameter>> inserted;
  std::vector<bool> removed(net.layer_size(), false);
  for (int i = 0; i < net.layer_size(); ++i) {
    if (removed[i] || FusionChains::RankOf(net.layer(i).type()) == 0) continue;
    caffe::LayerParameter layer = Identity(net.layer(i));
    auto head = FusionHead::Create(layer);
    if (!head.has_value() || !chains.MayBeMember(net.layer(i), *head)) continue;
    RETURN_IF_ERROR(CheckNameIsFree(layer.name(), net));
    std::vector<int> members = chains.Behind(i, *head);
    members.insert(members.begin(), i);
    RETURN_IF_ERROR(FoldMembers(net, members, &*head));
    std::vector<std::string>& names = fused->report.fused[layer.name()];
    names.push_back(layer.name());
    for (const int member : members) {
      names.push_back(net.layer(member).name());
      removed[member] = member != i;
    }
    fused->report.gains[layer.name()] = head->gains();
    head->Store(&layer);
    layer.set_top(0, net.layer(members.back()).top(0));
    firsts.push_back(net.layer(i).name());
    inserted.push_back({i, std::move(layer)});
  }
  for (auto& [index, layer] : inserted) {
    *fused->net.mutable_layer(index) = std::move(layer);
  }
  RemoveLayers(removed, &fused->net);
  return firsts;
}

}  // namespace quantd
