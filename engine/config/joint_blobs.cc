#include "engine/config/joint_blobs.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "engine/config/quantizable.h"
#include "google/protobuf/repeated_field.h"

namespace quantd {
namespace {

class Joiner {
 public:
  Joiner(const caffe::NetParameter& net, QuantPlan* plan)
      : net_(net), plan_(*plan), copied_(net) {
    covered_.resize(plan_.blobs.size(), false);
    for (size_t i = 0; i < plan_.blobs.size(); ++i) {
      const size_t same =
          index_.emplace(copied_.NameOf(plan_.blobs[i].blob), i).first->second;
      first_.push_back(same);
      covered_[i] = same != i;
    }
  }

  void Join() {
    for (const caffe::LayerParameter& layer : net_.layer()) {
      if (OnlyMovesData(layer.type())) Join(layer);
    }
    std::map<size_t, std::vector<size_t>> groups;  // By their first blob.
    for (size_t i = 0; i < first_.size(); ++i) {
      groups[FirstOf(i)].push_back(i);
    }
    for (const auto& group : groups) {
      if (group.second.size() > 1) SetGroup(group.second);
    }
  }

 private:
  using Names = google::protobuf::RepeatedPtrField<std::string>;

  std::vector<size_t> Quantized(const Names& names) const {
    std::vector<size_t> blobs;
    for (const std::string& name : names) {
      const auto blob = index_.find(copied_.NameOf(name));
      if (blob != index_.end()) blobs.push_back(blob->second);
    }
    return blobs;
  }

  size_t FirstOf(size_t blob) const {
    while (first_[blob] != blob) blob = first_[blob];
    return blob;
  }

  void Join(const caffe::LayerParameter& layer) {
    const std::vector<size_t> bottoms = Quantized(layer.bottom());
    const std::vector<size_t> tops = Quantized(layer.top());
    if (bottoms.empty() || tops.empty()) return;
    for (const std::vector<size_t>* side : {&bottoms, &tops}) {
      for (const size_t blob : *side) {
        const size_t a = FirstOf(blob);
        const size_t b = FirstOf(bottoms[0]);
        first_[std::max(a, b)] = std::min(a, b);
      }
    }
    // Either side has all values of the other.
    const bool has_all_inputs =
        layer.type() != "Concat" ||
        static_cast<int>(bottoms.size()) == layer.bottom_size();
    for (const size_t blob : has_all_inputs ? tops : bottoms) {
      covered_[blob] = true;
    }
  }

  void SetGroup(const std::vector<size_t>& group) {
    const QuantizedBlob first = plan_.blobs[group[0]];
    std::vector<std::string> searched;
    for (const size_t i : group) {
      QuantizedBlob& blob = plan_.blobs[i];
      if (!covered_[i]) searched.push_back(blob.blob);
      if (blob.params == first.params &&
          blob.with_offset == first.with_offset) {
        continue;
      }
      const std::string& layer = blob.consumers.front().layer;
      plan_.warnings.push_back(
          {"CONSUMER_PARAMS_DIFFER",
           absl::StrCat("layers \"", first.consumers.front().layer, "\" and \"",
                        layer, "\" need the same factors for blobs \"",
                        first.blob, "\" and \"", blob.blob,
                        "\", between which data is only moved, but have "
                        "different activation_quant_params; those of \"",
                        first.consumers.front().layer, "\" are used"),
           {{"blob", blob.blob}, {"layer", layer}}});
      blob.params = first.params;
      blob.with_offset = first.with_offset;
    }
    for (const size_t i : group) plan_.blobs[i].searched = searched;
  }

  const caffe::NetParameter& net_;
  QuantPlan& plan_;
  const CopiedBlobs copied_;
  absl::flat_hash_map<std::string, size_t> index_;  // The first by NameOf().
  std::vector<size_t> first_;  // Of the same group, itself for the first.
  std::vector<bool> covered_;  // Another blob of the group has its values.
};

}  // namespace

CopiedBlobs::CopiedBlobs(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.type() != "Dropout" || layer.bottom_size() != 1) continue;
    for (const std::string& top : layer.top()) {
      copied_[top] = NameOf(layer.bottom(0));
    }
  }
}

const std::string& CopiedBlobs::NameOf(const std::string& blob) const {
  const auto copied = copied_.find(blob);
  return copied == copied_.end() ? blob : copied->second;
}

void JoinBlobs(const caffe::NetParameter& net, QuantPlan* plan) {
  Joiner(net, plan).Join();
}

}  // namespace quantd
