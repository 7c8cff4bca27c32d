#include "engine/export/record_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/config/scale_record.h"
#include "engine/export/layer_weights.h"
#include "engine/export/record_text.h"
#include "engine/quant/process_scale.h"

namespace quantd {
namespace {

// Checks one entry of a record.
class EntryChecker {
 public:
  EntryChecker(const std::string& file, const caffe::LayerParameter& layer,
               const amct::SingleLayerRecord& record)
      : file_(file), layer_(layer), record_(record) {}

  absl::Status Check() const {
    RETURN_IF_ERROR(CheckWeights());
    RETURN_IF_ERROR(CheckShiftBit());
    std::set<int> indices;
    for (const amct::ActivationQuantParam& input : record_.record_d()) {
      if (!indices.insert(input.index()).second) {
        return Invalid(
            "index", absl::StrCat("index ", input.index(), " is given twice"));
      }
      RETURN_IF_ERROR(CheckInput(input));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Failure(absl::StatusCode code, const char* reason,
                       const char* field, const std::string& message,
                       const std::string& advice = "") const {
    return Error(code, reason,
                 absl::StrCat(file_, ": ", message, " in layer ", layer_.name(),
                              ".", advice),
                 {{"file", file_}, {"layer", layer_.name()}, {"field", field}});
  }
  absl::Status Invalid(const char* field, const std::string& message) const {
    return Failure(absl::StatusCode::kInvalidArgument, "RECORD_INVALID", field,
                   message);
  }

  absl::Status CheckScale(const char* field, float scale) const {
    if (scale >= kMinScale && scale <= kMaxScale) return absl::OkStatus();
    return Failure(
        absl::StatusCode::kFailedPrecondition, "SCALE_OUT_OF_RANGE", field,
        absl::StrCat(field,
                     "'s value shoule be in positivate range of float32"),
        absl::StrCat(" It is ", scale, "; legal is [", kMinScale, ", ",
                     kMaxScale, "]"));
  }

  absl::Status CheckInput(const amct::ActivationQuantParam& input) const {
    const std::vector<int> bottoms = QuantizedBottoms(layer_);
    if (std::find(bottoms.begin(), bottoms.end(), input.index()) ==
        bottoms.end()) {
      return Invalid("index", absl::StrCat("index ", input.index(),
                                           " is no input with data"));
    }
    const int bits = NumBits(input);
    if (bits < 8 || bits > 16) {
      return Invalid("num_bits_d",
                     absl::StrCat("num_bits_d's value should be in [8, 16], "
                                  "but is ",
                                  bits));
    }
    const int limit = 1 << (bits - 1);
    if (input.offset_d() < -limit || input.offset_d() >= limit) {
      return Invalid("offset_d", absl::StrCat("offset_d's value should be in [",
                                              -limit, ", ", limit - 1, "]"));
    }
    if (!input.has_scale_d()) return absl::OkStatus();
    return CheckScale("scale_d", input.scale_d());
  }

  absl::Status CheckWeights() const {
    for (float scale : record_.scale_w()) {
      RETURN_IF_ERROR(CheckScale("scale_w", scale));
    }
    for (int offset : record_.offset_w()) {
      if (offset != 0) {
        return Invalid("offset_w", "offset_w's value should be 0");
      }
    }
    const int num_scales = record_.scale_w_size();
    if (record_.offset_w_size() != num_scales) {
      return Invalid("offset_w",
                     "offset_w must have as many values as scale_w");
    }
    if (num_scales == 0) return absl::OkStatus();
    if (QuantClassOf(layer_.type()) != QuantClass::kWeightsAndData) {
      if (num_scales == 1 && record_.scale_w(0) == 1.0f) {
        return absl::OkStatus();
      }
      return Invalid("scale_w", "scale_w is only for layers with weights");
    }
    // Clustered weights are not for recurrent layers.
    const bool is_clustered =
        record_.num_bits_w() == 4 && !IsRecurrent(layer_.type());
    if (record_.num_bits_w() != 8 && !is_clustered) {
      return Invalid("num_bits_w",
                     absl::StrCat("num_bits_w's value should be 8 or 4, but "
                                  "is ",
                                  record_.num_bits_w()));
    }
    if (IsRecurrent(layer_.type())) return CheckRecurrentScales();
    if (num_scales > 1 && !AllowsChannelWise(layer_.type())) {
      return Invalid("scale_w",
                     absl::StrCat("scale_w must have one value for layer type ",
                                  layer_.type(), ", but has ", num_scales));
    }
    ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(layer_));
    if (num_scales != 1 && num_scales != layout.num_channels()) {
      return Invalid(
          "scale_w",
          absl::StrCat("scale_w must have one value or one per "
                       "output channel (",
                       layout.num_channels(), "), but has ", num_scales));
    }
    return absl::OkStatus();
  }

  absl::Status CheckRecurrentScales() const {
    const size_t num_blobs = WeightBlobs(layer_).size();
    if (static_cast<size_t>(record_.scale_w_size()) == num_blobs) {
      return absl::OkStatus();
    }
    return Invalid("scale_w",
                   absl::StrCat("scale_w must have one value per weight blob (",
                                num_blobs, ") for layer type ", layer_.type(),
                                ", but has ", record_.scale_w_size()));
  }

  absl::Status CheckShiftBit() const {
    const auto& bits = record_.shift_bit();
    const bool all_zero = std::all_of(bits.begin(), bits.end(),
                                      [](uint32_t bit) { return bit == 0; });
    const bool all_legal =
        std::all_of(bits.begin(), bits.end(),
                    [](uint32_t bit) { return bit >= 1 && bit <= 16; });
    if (all_zero || all_legal) return absl::OkStatus();
    return Invalid("shift_bit",
                   "shift_bit's value shoule be in [1, 16] or all be 0");
  }

  const std::string& file_;
  const caffe::LayerParameter& layer_;
  const amct::SingleLayerRecord& record_;
};

absl::Status KeyError(const char* reason, const std::string& message,
                      const std::string& file, const std::string& layer) {
  return Error(absl::StatusCode::kInvalidArgument, reason,
               absl::StrCat(file, ": ", message),
               {{"file", file}, {"layer", layer}});
}

absl::Status Incomplete(const char* field, const std::string& layer,
                        int index) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "RECORD_INCOMPLETE",
      absl::StrCat("Cannot find ", field, " of layer '", layer,
                   "' in record file"),
      {{"layer", layer}, {"field", field}, {"index", absl::StrCat(index)}});
}

// The first field in which two inputs' factors differ; empty if none does.
std::string DifferingField(const amct::ActivationQuantParam& a,
                           const amct::ActivationQuantParam& b) {
  if (a.scale_d() != b.scale_d()) return "scale_d";
  if (a.offset_d() != b.offset_d()) return "offset_d";
  return NumBits(a) != NumBits(b) ? "num_bits_d" : "";
}

void AddSkipFusion(const std::string& layer, amct::ScaleOffsetRecord* record) {
  auto* entry = record->add_record();
  entry->set_key(layer);
  entry->mutable_value()->set_skip_fusion(true);
}

}  // namespace

std::string RecordToText(const amct::ScaleOffsetRecord& record) {
  return RecordMessageToText(record);
}

absl::StatusOr<amct::ScaleOffsetRecord> ParseRecord(
    absl::string_view text, const std::string& file_name) {
  amct::ScaleOffsetRecord record;
  RETURN_IF_ERROR(ParseRecordMessage(text, file_name, &record));
  return record;
}

absl::Status ValidateRecord(const amct::ScaleOffsetRecord& record,
                            const caffe::NetParameter& net,
                            const std::string& file_name) {
  absl::flat_hash_map<std::string, const caffe::LayerParameter*> layers;
  for (const auto& layer : net.layer()) layers[layer.name()] = &layer;
  absl::flat_hash_set<std::string> seen;
  for (const auto& entry : record.record()) {
    if (!entry.has_key()) {
      return KeyError("RECORD_INVALID", "Cannot find \"key\" in record file.",
                      file_name, "");
    }
    const std::string& key = entry.key();
    if (!entry.has_value()) {
      return KeyError(
          "RECORD_INVALID",
          absl::StrCat("cannot find 'value' in ", key, " in record_file."),
          file_name, key);
    }
    if (!seen.insert(key).second) {
      return KeyError("RECORD_INVALID",
                      absl::StrCat("layer ", key, " has two records"),
                      file_name, key);
    }
    const auto it = layers.find(key);
    if (it == layers.end()) {
      return KeyError("LAYER_NOT_FOUND",
                      absl::StrCat("find ", key,
                                   " failure in the model. "
                                   "Please match the model and ",
                                   file_name, "."),
                      file_name, key);
    }
    if (!IsQuantizable(it->second->type())) {
      return KeyError("OPTION_CONFLICT",
                      absl::StrCat("layer ", key, " cannot be quantized "),
                      file_name, key);
    }
    RETURN_IF_ERROR(
        EntryChecker(file_name, *it->second, entry.value()).Check());
  }
  return absl::OkStatus();
}

absl::Status CheckRecordCovers(const amct::ScaleOffsetRecord& record,
                               const QuantPlan& plan) {
  for (const QuantizedBlob& blob : plan.blobs) {
    const amct::ActivationQuantParam* first = nullptr;
    for (const BlobConsumer& consumer : blob.consumers) {
      const amct::ActivationQuantParam* input =
          FindInputRecord(record, consumer.layer, consumer.bottom_index);
      if (input == nullptr || !input->has_scale_d()) {
        return Incomplete("scale_d", consumer.layer, consumer.bottom_index);
      }
      if (!input->has_offset_d()) {
        return Incomplete("offset_d", consumer.layer, consumer.bottom_index);
      }
      if (first == nullptr) first = input;
      const std::string field = DifferingField(*first, *input);
      if (field.empty()) continue;
      const std::string& other = blob.consumers.front().layer;
      return Error(
          absl::StatusCode::kFailedPrecondition, "RECORD_INCONSISTENT",
          absl::StrCat("layers \"", other, "\" and \"", consumer.layer,
                       "\" read blob \"", blob.blob,
                       "\" and must have the same scale_d, offset_d and "
                       "num_bits_d"),
          {{"blob", blob.blob},
           {"layer", consumer.layer},
           {"other", other},
           {"field", field}});
    }
  }
  for (const WeightLayer& weights : plan.weights) {
    const amct::SingleLayerRecord* layer =
        FindLayerRecord(record, weights.layer);
    if (layer == nullptr || layer->scale_w_size() == 0) {
      return Incomplete("scale_w", weights.layer, 0);
    }
  }
  return absl::OkStatus();
}

amct::ScaleOffsetRecord RecordOfPlan(const amct::ScaleOffsetRecord& record,
                                     const caffe::NetParameter& net,
                                     const QuantPlan& plan) {
  absl::flat_hash_map<int, std::set<int>> inputs;  // By layer index.
  for (const QuantizedBlob& blob : plan.blobs) {
    for (const BlobConsumer& consumer : blob.consumers) {
      inputs[consumer.layer_index].insert(consumer.bottom_index);
    }
  }
  amct::ScaleOffsetRecord result;
  for (int i = 0; i < net.layer_size(); ++i) {
    const std::string& name = net.layer(i).name();
    const amct::SingleLayerRecord* layer = FindLayerRecord(record, name);
    if (layer == nullptr) continue;
    if (!inputs.contains(i)) {
      if (layer->skip_fusion()) AddSkipFusion(name, &result);
      continue;
    }
    auto* entry = result.add_record();
    entry->set_key(name);
    *entry->mutable_value() = *layer;
    entry->mutable_value()->clear_record_d();
    for (int index : inputs[i]) {
      const amct::ActivationQuantParam* input = FindInputRecord(*layer, index);
      if (input != nullptr) *entry->mutable_value()->add_record_d() = *input;
    }
  }
  return result;
}

}  // namespace quantd
