#include "engine/core/insert_splits.h"

#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace quantd {
namespace {

// A version of a blob: layer and top that write it.
using Version = std::pair<int, int>;

struct Readers {
  int count = 0;  // With the loss, if there is one.
  float loss_weight = 0;
  int next = 0;  // Copy of the next reader.
};

std::string SplitName(const caffe::NetParameter& net, const Version& version) {
  const caffe::LayerParameter& layer = net.layer(version.first);
  return absl::StrCat(layer.top(version.second), "_", layer.name(), "_",
                      version.second, "_split");
}

std::string CopyName(const caffe::NetParameter& net, const Version& version,
                     int copy) {
  return absl::StrCat(SplitName(net, version), "_", copy);
}

// Bottoms in file order, as versions; those that nobody produces are missing.
std::map<std::pair<int, int>, Version> ResolveBottoms(
    const caffe::NetParameter& net) {
  std::map<std::pair<int, int>, Version> result;
  absl::flat_hash_map<std::string, Version> newest;
  for (int i = 0; i < net.layer_size(); ++i) {
    const caffe::LayerParameter& layer = net.layer(i);
    for (int b = 0; b < layer.bottom_size(); ++b) {
      const auto it = newest.find(layer.bottom(b));
      if (it != newest.end()) result[{i, b}] = it->second;
    }
    for (int t = 0; t < layer.top_size(); ++t) newest[layer.top(t)] = {i, t};
  }
  return result;
}

void AddSplit(const caffe::NetParameter& net, const Version& version,
              const Readers& readers, caffe::NetParameter* result) {
  caffe::LayerParameter* split = result->add_layer();
  split->set_name(SplitName(net, version));
  split->set_type("Split");
  split->add_bottom(net.layer(version.first).top(version.second));
  for (int copy = 0; copy < readers.count; ++copy) {
    split->add_top(CopyName(net, version, copy));
    if (readers.loss_weight == 0) continue;
    split->add_loss_weight(copy == 0 ? readers.loss_weight : 0);
  }
}

}  // namespace

caffe::NetParameter InsertSplits(const caffe::NetParameter& net) {
  const std::map<std::pair<int, int>, Version> sources = ResolveBottoms(net);
  std::map<Version, Readers> readers;
  for (const auto& [bottom, version] : sources) ++readers[version].count;
  for (int i = 0; i < net.layer_size(); ++i) {
    const caffe::LayerParameter& layer = net.layer(i);
    for (int t = 0; t < layer.top_size() && t < layer.loss_weight_size(); ++t) {
      const auto it = readers.find({i, t});
      if (layer.loss_weight(t) == 0 || it == readers.end()) continue;
      it->second.loss_weight = layer.loss_weight(t);
      ++it->second.count;
      it->second.next = 1;
    }
  }
  caffe::NetParameter result = net;
  result.clear_layer();
  for (int i = 0; i < net.layer_size(); ++i) {
    caffe::LayerParameter* layer = result.add_layer();
    *layer = net.layer(i);
    for (int b = 0; b < layer->bottom_size(); ++b) {
      const auto source = sources.find({i, b});
      if (source == sources.end()) continue;
      Readers& source_readers = readers[source->second];
      if (source_readers.count < 2) continue;
      layer->set_bottom(b,
                        CopyName(net, source->second, source_readers.next++));
    }
    for (int t = 0; t < layer->top_size(); ++t) {
      const auto it = readers.find({i, t});
      if (it == readers.end() || it->second.count < 2) continue;
      if (it->second.loss_weight != 0) layer->set_loss_weight(t, 0);
    }
    for (int t = 0; t < net.layer(i).top_size(); ++t) {
      const auto it = readers.find({i, t});
      if (it == readers.end() || it->second.count < 2) continue;
      AddSplit(net, it->first, it->second, &result);
    }
  }
  return result;
}

}  // namespace quantd
