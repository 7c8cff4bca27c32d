#include "engine/config/factor_consistency.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "engine/config/joint_blobs.h"
#include "engine/config/quantizable.h"
#include "engine/config/scale_record.h"

namespace quantd {
namespace {

bool SameFactors(const amct::ActivationQuantParam& a,
                 const amct::ActivationQuantParam& b) {
  return a.scale_d() == b.scale_d() && a.offset_d() == b.offset_d() &&
         NumBits(a) == NumBits(b);
}

}  // namespace

std::vector<Warning> FindInconsistentFactors(
    const caffe::NetParameter& net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record) {
  const CopiedBlobs copied(net);
  absl::flat_hash_map<std::string, const QuantizedBlob*> quantized;
  for (const QuantizedBlob& blob : plan.blobs) {
    quantized[copied.NameOf(blob.blob)] = &blob;
  }
  const auto factors_of = [&](const QuantizedBlob& blob) {
    const BlobConsumer& consumer = blob.consumers.front();
    return FindInputRecord(record, consumer.layer, consumer.bottom_index);
  };
  // The name of a reader of `top` whose factors are not those of `bottom`.
  const auto differing_reader = [&](const std::string& bottom,
                                    const std::string& top) -> std::string {
    const auto in = quantized.find(copied.NameOf(bottom));
    const auto out = quantized.find(copied.NameOf(top));
    if (in == quantized.end() || out == quantized.end()) return "";
    const auto* a = factors_of(*in->second);
    const auto* b = factors_of(*out->second);
    if (a == nullptr || b == nullptr || SameFactors(*a, *b)) return "";
    return out->second->consumers.front().layer;
  };

  std::vector<Warning> warnings;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (!OnlyMovesData(layer.type())) continue;
    std::string reader;
    for (const std::string& bottom : layer.bottom()) {
      for (const std::string& top : layer.top()) {
        if (reader.empty()) reader = differing_reader(bottom, top);
      }
    }
    if (reader.empty()) continue;
    warnings.push_back(
        {"INCONSISTENT_FACTORS",
         absl::StrCat("Layer ", reader,
                      " should have consistent scale_d and offset_d with no "
                      "command layer ",
                      layer.name()),
         {{"layer", reader}, {"other", layer.name()}}});
  }
  return warnings;
}

}  // namespace quantd
