// Which BatchNorm, Scale and Bias layers follow each other so that they fold
// into one layer with weights, and the arithmetic of folding them.
// Not here: what becomes of the net (fuse_batch_norm.h,
// insert_depthwise_convs.h).
#ifndef QUANTD_ENGINE_GRAPH_FUSION_CHAINS_H_
#define QUANTD_ENGINE_GRAPH_FUSION_CHAINS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "engine/graph/fusion_head.h"
#include "engine/graph/graph_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Ownership: refers to `net` and `view`, which must outlive it and stay as
// they are.
class FusionChains {
 public:
  // Layers named in `skip` take no part; blobs in `keep_blobs` do not vanish.
  FusionChains(const caffe::NetParameter& net, const GraphView& view,
               const std::vector<std::string>& skip,
               std::set<std::string> keep_blobs);

  // Place of a type in a chain: BatchNorm 1, Scale 2, Bias 3, others 0.
  static int RankOf(const std::string& type);

  // Neither to be skipped nor with a blob that other layers share.
  bool MayFuse(const caffe::LayerParameter& layer) const;
  // `layer` by itself can be folded into `head`.
  bool MayBeMember(const caffe::LayerParameter& layer,
                   const FusionHead& head) const;
  // The layers directly behind layer `index`, of rising rank, that can be
  // folded into `head` with it, in order.
  std::vector<int> Behind(int index, const FusionHead& head) const;

 private:
  // True if the blob between the two is one to keep.
  bool VanishesKept(const caffe::LayerParameter& layer,
                    const caffe::LayerParameter& member) const;

  const caffe::NetParameter& net_;
  const GraphView& view_;
  const absl::flat_hash_set<std::string> skip_;
  const std::set<std::string> keep_;
  const absl::flat_hash_set<std::string> shared_params_;
};

// Folds layers `members` of `net` into `head`, in order. Errors:
// BATCH_NORM_VARIANCE as FuseBatchNorm(); `head` is of no use then.
absl::Status FoldMembers(const caffe::NetParameter& net,
                         const std::vector<int>& members, FusionHead* head);

// Removes those layers of `net` that `removed`, as long as there are layers,
// says.
void RemoveLayers(const std::vector<bool>& removed, caffe::NetParameter* net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_FUSION_CHAINS_H_
