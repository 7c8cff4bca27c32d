#include "engine/export/quant_json.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "engine/config/python_json.h"

namespace quantd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kStringList = 1;  // val_type of a list of strings.

Json Attribute(const char* key, Json value) {
  return {{"key", key}, {"value", std::move(value)}};
}

Json OriginalNames(const std::vector<std::string>& names) {
  return Json::array(
      {Attribute("_datadump_original_op_names",
                 {{"list", {{"s", names}, {"val_type", kStringList}}}})});
}

Json OutputDescription(const std::string& origin) {
  Json attributes = Json::array();
  attributes.push_back(Attribute("_datadump_origin_format", {{"s", "NCHW"}}));
  attributes.push_back(Attribute("_datadump_data_type", {{"s", "DT_FLOAT"}}));
  attributes.push_back(Attribute("_datadump_origin_output_index", {{"i", 0}}));
  attributes.push_back(Attribute("_datadump_origin_name", {{"s", origin}}));
  Json description;
  description["attr"] = std::move(attributes);
  return Json::array({std::move(description)});
}

class Describer {
 public:
  Describer(const caffe::NetParameter& original, const FusionReport& fusion,
            const caffe::NetParameter& fake_quant, const QuantPlan& plan)
      : fusion_(fusion) {
    for (const caffe::LayerParameter& layer : fake_quant.layer()) {
      if (layer.type() != "DeQuant") continue;
      dequantized_.insert(layer.dequant_param().object_layer());
    }
    for (const caffe::LayerParameter& layer : original.layer()) {
      originals_.insert(layer.name());
    }
    for (const QuantizedBlob& blob : plan.blobs) {
      for (const BlobConsumer& consumer : blob.consumers) {
        quantized_.insert(consumer.layer);
      }
    }
  }

  // Call in net order.
  Json Describe(const caffe::LayerParameter& layer) {
    Json op;
    op["name"] = layer.name();
    op["type"] = layer.type() == "Input" ? "Data" : layer.type();
    op["id"] = next_id_++;
    Json inputs = Json::array();
    for (const std::string& bottom : layer.bottom()) {
      inputs.push_back(producers_[bottom]);
    }
    op["input"] = std::move(inputs);
    for (int i = 0; i < layer.top_size(); ++i) {
      producers_[layer.top(i)] = absl::StrCat(layer.name(), ":", i);
    }
    if (layer.type() == "Quant") {
      op["attr"] =
          OriginalNames(OriginalsOf(layer.quant_param().object_layer()));
    } else if (layer.type() == "DeQuant") {
      Stand(layer.dequant_param().object_layer(), true, &op);
    } else if (quantized_.contains(layer.name()) ||
               fusion_.fused.count(layer.name()) > 0) {
      Stand(layer.name(), !dequantized_.contains(layer.name()), &op);
    }
    return op;
  }

 private:
  // `op` stands for `layer`; with `result` its output is that layer's.
  void Stand(const std::string& layer, bool result, Json* op) const {
    const std::vector<std::string> originals = OriginalsOf(layer);
    (*op)["attr"] = OriginalNames(originals);
    if (!result || originals.empty()) return;
    (*op)["output_desc"] = OutputDescription(originals.back());
  }

  std::vector<std::string> OriginalsOf(const std::string& layer) const {
    const auto it = fusion_.fused.find(layer);
    if (it != fusion_.fused.end()) return it->second;
    if (originals_.contains(layer)) return {layer};
    return {};
  }

  const FusionReport& fusion_;
  absl::flat_hash_set<std::string> originals_;
  absl::flat_hash_set<std::string> quantized_;
  absl::flat_hash_set<std::string> dequantized_;
  absl::flat_hash_map<std::string, std::string> producers_;
  int next_id_ = 0;
};

}  // namespace

std::string QuantJson(const std::string& name,
                      const caffe::NetParameter& original,
                      const caffe::NetParameter& fake_quant,
                      const FusionReport& fusion, const QuantPlan& plan) {
  Describer describer(original, fusion, fake_quant, plan);
  Json ops = Json::array();
  for (const caffe::LayerParameter& layer : fake_quant.layer()) {
    ops.push_back(describer.Describe(layer));
  }
  Json graph;
  graph["op"] = std::move(ops);
  Json root;
  root["name"] = name;
  root["graph"] = Json::array({std::move(graph)});
  return PythonJson(root);
}

}  // namespace quantd
