#include "engine/graph/uninplace.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/graph/graph_view.h"

namespace quantd {
namespace {

// Gives out names that no blob has.
class FreeNames {
 public:
  explicit FreeNames(const GraphView& view) {
    for (int id = 0; id < view.num_blobs(); ++id) {
      taken_.insert(view.blob(id).name);
    }
  }

  std::string Take(const std::string& wanted) {
    std::string name = wanted;
    for (int k = 0; !taken_.insert(name).second; ++k) {
      name = absl::StrCat(wanted, "_top", k);
    }
    return name;
  }

 private:
  absl::flat_hash_set<std::string> taken_;
};

// True if the version is written over another one of the same name.
bool IsInPlace(const GraphView& view, const caffe::NetParameter& net, int id) {
  const GraphView::Blob& blob = view.blob(id);
  const caffe::LayerParameter& layer = net.layer(blob.producer);
  return blob.top < layer.bottom_size() && layer.bottom(blob.top) == blob.name;
}

// The new name of every version.
std::vector<std::string> NewNames(const GraphView& view,
                                  const caffe::NetParameter& net) {
  // Of a blob that is an output, the last version keeps the name.
  absl::flat_hash_set<std::string> outputs;
  for (int id = 0; id < view.num_blobs(); ++id) {
    if (view.blob(id).last_version && view.IsOutput(id)) {
      outputs.insert(view.blob(id).name);
    }
  }
  FreeNames free(view);
  std::vector<std::string> names(view.num_blobs());
  for (int id = 0; id < view.num_blobs(); ++id) {
    const GraphView::Blob& blob = view.blob(id);
    const bool in_place = IsInPlace(view, net, id);
    const bool is_output = outputs.contains(blob.name);
    if (is_output ? blob.last_version : !in_place) {
      names[id] = blob.name;
    } else if (!in_place) {
      names[id] = free.Take(absl::StrCat(blob.name, "_orig"));
    } else {
      names[id] = free.Take(net.layer(blob.producer).name());
    }
  }
  return names;
}

}  // namespace

absl::StatusOr<caffe::NetParameter> Uninplace(caffe::NetParameter net) {
  ASSIGN_OR_RETURN(const GraphView view, GraphView::Create(net));
  const std::vector<std::string> names = NewNames(view, net);
  for (int i = 0; i < net.layer_size(); ++i) {
    caffe::LayerParameter* const layer = net.mutable_layer(i);
    for (int j = 0; j < layer->bottom_size(); ++j) {
      layer->set_bottom(j, names[view.bottoms(i)[j]]);
    }
    for (int j = 0; j < layer->top_size(); ++j) {
      layer->set_top(j, names[view.tops(i)[j]]);
    }
  }
  return net;
}

}  // namespace quantd
