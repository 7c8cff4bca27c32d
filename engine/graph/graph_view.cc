#include "engine/graph/graph_view.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {
namespace {

absl::Status BlobError(const caffe::LayerParameter& layer,
                       const std::string& reason, const std::string& blob,
                       const std::string& what) {
  return Error(absl::StatusCode::kInvalidArgument, reason,
               absl::StrCat("layer \"", layer.name(), "\" (", layer.type(),
                            "): blob \"", blob, "\" ", what),
               {{"layer", layer.name()}, {"blob", blob}});
}

}  // namespace

absl::StatusOr<GraphView> GraphView::Create(const caffe::NetParameter& net) {
  GraphView view;
  view.bottoms_.resize(net.layer_size());
  view.tops_.resize(net.layer_size());
  absl::flat_hash_map<std::string, int> current;  // Version by blob name.
  for (int i = 0; i < net.layer_size(); ++i) {
    const caffe::LayerParameter& layer = net.layer(i);
    view.layer_index_.emplace(layer.name(), i);
    for (int j = 0; j < layer.bottom_size(); ++j) {
      const auto version = current.find(layer.bottom(j));
      if (version == current.end()) {
        return BlobError(layer, "NET_BLOB_UNKNOWN", layer.bottom(j),
                         "is a bottom, but no layer before it makes it");
      }
      view.blobs_[version->second].consumers.push_back({i, j});
      view.bottoms_[i].push_back(version->second);
    }
    for (int j = 0; j < layer.top_size(); ++j) {
      const std::string& name = layer.top(j);
      const auto version = current.find(name);
      if (version != current.end()) {
        if (j >= layer.bottom_size() || layer.bottom(j) != name) {
          return BlobError(layer, "NET_BLOB_DUPLICATE", name,
                           "is a top, but a layer before it makes it too");
        }
        view.blobs_[version->second].last_version = false;
      }
      const int id = static_cast<int>(view.blobs_.size());
      view.blobs_.push_back({name, i, j, {}, true});
      view.tops_[i].push_back(id);
      current[name] = id;
    }
  }
  return view;
}

int GraphView::SingleConsumer(int layer) const {
  if (tops_[layer].size() != 1) return -1;
  const std::vector<Use>& consumers = blobs_[tops_[layer][0]].consumers;
  return consumers.size() == 1 ? consumers[0].layer : -1;
}

int GraphView::LayerIndex(const std::string& name) const {
  const auto index = layer_index_.find(name);
  return index == layer_index_.end() ? -1 : index->second;
}

}  // namespace quantd
