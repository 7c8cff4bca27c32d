#include "engine/jobs/calibration/factor_records.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "engine/config/quantizable.h"
#include "engine/config/scale_record.h"

namespace quantd {
namespace {

int32_t LegacyDim(const Shape& shape, int axis) {
  return static_cast<int32_t>(shape.LegacyDim(axis));
}

v1::ActivationRecord ToActivation(const QuantizedBlob& blob,
                                  const BlobConsumer& consumer,
                                  const BlobFactors& factors) {
  v1::ActivationRecord record;
  record.set_index(consumer.bottom_index);
  record.set_blob(blob.blob);
  record.set_scale_d(factors.ifmr.scale);
  record.set_offset_d(factors.ifmr.offset);
  record.set_num_bits_d(blob.params.num_bits);
  record.set_min(factors.ifmr.min);
  record.set_max(factors.ifmr.max);
  record.set_channels(LegacyDim(factors.shape, 1));
  record.set_height(LegacyDim(factors.shape, 2));
  record.set_width(LegacyDim(factors.shape, 3));
  return record;
}

BlobFactors FactorsOf(const amct::ActivationQuantParam& input) {
  const double limit = 1 << (NumBits(input) - 1);
  BlobFactors factors;
  factors.ifmr.scale = input.scale_d();
  factors.ifmr.offset = input.offset_d();
  factors.ifmr.min =
      static_cast<float>((-limit - input.offset_d()) * input.scale_d());
  factors.ifmr.max =
      static_cast<float>((limit - 1 - input.offset_d()) * input.scale_d());
  return factors;
}

// The value of `layer`, a new one if there is none.
amct::SingleLayerRecord* ValueOf(const std::string& layer,
                                 amct::ScaleOffsetRecord* record) {
  for (auto& entry : *record->mutable_record()) {
    if (entry.key() == layer) return entry.mutable_value();
  }
  auto* entry = record->add_record();
  entry->set_key(layer);
  return entry->mutable_value();
}

int32_t Dim(uint32_t dim) {
  constexpr uint32_t kMax = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::min(dim, kMax));
}

}  // namespace

std::vector<v1::LayerRecord> MakeLayerRecords(const caffe::NetParameter& net,
                                              const QuantPlan& plan,
                                              const PlanFactors& factors) {
  std::map<int, v1::LayerRecord> rows;  // By layer index: net order.
  const auto row = [&rows, &net](int index) {
    v1::LayerRecord& record = rows[index];
    record.set_layer(net.layer(index).name());
    record.set_type(net.layer(index).type());
    record.set_index(index);
    return &record;
  };
  for (const FloatLayer& layer : plan.floats) {
    row(layer.layer_index)->set_float_reason(layer.reason);
  }
  for (size_t i = 0; i < plan.blobs.size(); ++i) {
    for (const BlobConsumer& consumer : plan.blobs[i].consumers) {
      v1::LayerRecord* record = row(consumer.layer_index);
      record->set_quantized(true);
      *record->add_activations() =
          ToActivation(plan.blobs[i], consumer, factors.blobs[i]);
    }
  }
  for (size_t i = 0; i < plan.weights.size(); ++i) {
    v1::LayerRecord* record = row(plan.weights[i].layer_index);
    const WeightFactors& weights = factors.weights[i];
    record->set_num_bits_w(plan.weights[i].params.num_bits);
    record->mutable_scale_w()->Assign(weights.scale.begin(),
                                      weights.scale.end());
    record->mutable_offset_w()->Assign(weights.offset.begin(),
                                       weights.offset.end());
    if (i >= factors.shift_bits.size()) continue;
    record->mutable_shift_bit()->Assign(factors.shift_bits[i].begin(),
                                        factors.shift_bits[i].end());
  }
  std::vector<v1::LayerRecord> result;
  for (auto& [index, record] : rows) {
    std::sort(record.mutable_activations()->begin(),
              record.mutable_activations()->end(),
              [](const v1::ActivationRecord& a, const v1::ActivationRecord& b) {
                return a.index() < b.index();
              });
    result.push_back(record);
  }
  return result;
}

std::vector<v1::LayerRecord> LayerRecordsOf(
    const caffe::NetParameter& net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record) {
  PlanFactors factors;
  for (const QuantizedBlob& blob : plan.blobs) {
    const BlobConsumer& first = blob.consumers.front();
    factors.blobs.push_back(
        FactorsOf(*FindInputRecord(record, first.layer, first.bottom_index)));
  }
  for (const WeightLayer& weights : plan.weights) {
    const auto* value = FindLayerRecord(record, weights.layer);
    factors.weights.push_back(
        {{value->scale_w().begin(), value->scale_w().end()},
         {value->offset_w().begin(), value->offset_w().end()}});
    factors.shift_bits.emplace_back(value->shift_bit().begin(),
                                    value->shift_bit().end());
  }
  std::vector<v1::LayerRecord> rows = MakeLayerRecords(net, plan, factors);
  for (v1::LayerRecord& row : rows) {
    for (v1::ActivationRecord& activation : *row.mutable_activations()) {
      const auto* input =
          FindInputRecord(record, row.layer(), activation.index());
      activation.set_channels(Dim(input->channels()));
      activation.set_height(Dim(input->height()));
      activation.set_width(Dim(input->width()));
    }
  }
  return rows;
}

amct::ScaleOffsetRecord MakeRecord(const caffe::NetParameter& net,
                                   const QuantPlan& plan,
                                   const PlanFactors& factors) {
  amct::ScaleOffsetRecord result;
  for (const v1::LayerRecord& row : MakeLayerRecords(net, plan, factors)) {
    if (!row.quantized()) continue;
    auto* entry = result.add_record();
    entry->set_key(row.layer());
    amct::SingleLayerRecord* value = entry->mutable_value();
    *value->mutable_scale_w() = row.scale_w();
    *value->mutable_offset_w() = row.offset_w();
    *value->mutable_shift_bit() = row.shift_bit();
    if (row.num_bits_w() != 0) value->set_num_bits_w(row.num_bits_w());
    for (const v1::ActivationRecord& activation : row.activations()) {
      amct::ActivationQuantParam* data = value->add_record_d();
      data->set_scale_d(activation.scale_d());
      data->set_offset_d(activation.offset_d());
      data->set_index(activation.index());
      data->set_channels(activation.channels());
      data->set_height(activation.height());
      data->set_width(activation.width());
      data->set_num_bits_d(activation.num_bits_d());
    }
  }
  return result;
}

amct::ScaleOffsetRecord WeightRecord(
    const QuantPlan& plan, const std::vector<WeightFactors>& weights) {
  amct::ScaleOffsetRecord record;
  for (size_t i = 0; i < plan.weights.size(); ++i) {
    auto* entry = record.add_record();
    entry->set_key(plan.weights[i].layer);
    amct::SingleLayerRecord* value = entry->mutable_value();
    value->mutable_scale_w()->Assign(weights[i].scale.begin(),
                                     weights[i].scale.end());
    value->mutable_offset_w()->Assign(weights[i].offset.begin(),
                                      weights[i].offset.end());
    value->set_num_bits_w(plan.weights[i].params.num_bits);
  }
  return record;
}

void AddSkipFusion(const caffe::NetParameter& net, const QuantConfig& config,
                   amct::ScaleOffsetRecord* record) {
  const auto& skipped = config.skip_fusion_layers;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (!IsFusible(layer.type())) continue;
    // Nothing fuses without the layer that the others are folded into.
    const bool is_head =
        QuantClassOf(layer.type()) == QuantClass::kWeightsAndData;
    const bool is_named = std::find(skipped.begin(), skipped.end(),
                                    layer.name()) != skipped.end();
    if (!is_named && (config.do_fusion || !is_head)) continue;
    ValueOf(layer.name(), record)->set_skip_fusion(true);
  }
}

}  // namespace quantd
