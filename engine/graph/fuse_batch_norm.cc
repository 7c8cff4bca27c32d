#include "engine/graph/fuse_batch_norm.h"

#include <utility>

#include "base/status_macros.h"
#include "engine/graph/fusion_chains.h"
#include "engine/graph/fusion_head.h"
#include "engine/graph/graph_view.h"

namespace quantd {
namespace {

// Layers to fold into layer `index`, in order; empty if it is no head.
std::vector<int> MembersBehind(int index, const caffe::NetParameter& net,
                               const FusionChains& chains) {
  if (!chains.MayFuse(net.layer(index))) return {};
  const auto head = FusionHead::Create(net.layer(index));
  if (!head.has_value()) return {};
  return chains.Behind(index, *head);
}

}  // namespace

absl::StatusOr<FusedNet> FuseBatchNorm(caffe::NetParameter net,
                                       const FusionOptions& options) {
  ASSIGN_OR_RETURN(const GraphView view, GraphView::Create(net));
  FusedNet result;
  std::vector<bool> removed(net.layer_size(), false);
  if (options.do_fusion) {
    const FusionChains chains(net, view, options.skip_fusion_layers,
                              options.keep_blobs);
    for (int i = 0; i < net.layer_size(); ++i) {
      const std::vector<int> members = MembersBehind(i, net, chains);
      if (members.empty()) continue;
      caffe::LayerParameter* const layer = net.mutable_layer(i);
      FusionHead head = *FusionHead::Create(*layer);
      const absl::Status folded = FoldMembers(net, members, &head);
      if (!folded.ok() && options.skip_bad_variance) continue;
      RETURN_IF_ERROR(folded);
      std::vector<std::string>& names = result.report.fused[layer->name()];
      names.push_back(layer->name());
      for (int member : members) {
        names.push_back(net.layer(member).name());
        removed[member] = true;
      }
      layer->set_top(0, net.layer(members.back()).top(0));
      head.Store(layer);
      result.report.gains[layer->name()] = head.gains();
    }
  }
  RemoveLayers(removed, &net);
  result.net = std::move(net);
  return result;
}

}  // namespace quantd
