// Who writes and who reads each blob of a net, in-place versions apart.
// Not here: changing the net (the passes beside this file).
#ifndef QUANTD_ENGINE_GRAPH_GRAPH_VIEW_H_
#define QUANTD_ENGINE_GRAPH_GRAPH_VIEW_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// A snapshot of the connections of one net, by layer index.
//
// A blob that layers overwrite in place has one version per writer; readers
// see the version that is current at their place in the file.
// Ownership: keeps no reference to the net; stale once the net changes.
//
// Example:
//   ASSIGN_OR_RETURN(GraphView view, GraphView::Create(net));
//   const GraphView::Blob& out = view.blob(view.tops(i)[0]);
//   if (out.consumers.size() == 1) { int next = out.consumers[0].layer; ... }
class GraphView {
 public:
  struct Use {
    int layer;  // Index in net.layer().
    int index;  // Which bottom of it.
  };
  // One version of a blob.
  struct Blob {
    std::string name;
    int producer;                // Index in net.layer().
    int top;                     // Which top of it.
    std::vector<Use> consumers;  // In file order; in-place writers included.
    bool last_version;           // Nobody overwrites it in place.
  };

  // Errors: INVALID_ARGUMENT with layer and blob: NET_BLOB_UNKNOWN for a bottom
  //   that no earlier layer makes, NET_BLOB_DUPLICATE for a blob that two
  //   layers make (in-place is top[i] == bottom[i] of one layer).
  static absl::StatusOr<GraphView> Create(const caffe::NetParameter& net);

  int num_blobs() const { return static_cast<int>(blobs_.size()); }
  const Blob& blob(int id) const { return blobs_[id]; }
  // Ids of the versions that layer `layer` reads and writes, in its order.
  const std::vector<int>& bottoms(int layer) const { return bottoms_[layer]; }
  const std::vector<int>& tops(int layer) const { return tops_[layer]; }

  // True if nobody reads this version: an output of the net.
  bool IsOutput(int id) const { return blobs_[id].consumers.empty(); }
  // Index of the only consumer of the only top of `layer`; -1 otherwise.
  int SingleConsumer(int layer) const;
  // Index of the first layer of this name; -1 if there is none.
  int LayerIndex(const std::string& name) const;

 private:
  std::vector<Blob> blobs_;
  std::vector<std::vector<int>> bottoms_;
  std::vector<std::vector<int>> tops_;
  absl::flat_hash_map<std::string, int> layer_index_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_GRAPH_VIEW_H_
