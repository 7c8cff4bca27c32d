#include "engine/export/quant_param_record.h"

#include "base/status_macros.h"
#include "engine/config/float_text.h"
#include "engine/config/scale_record.h"
#include "engine/export/weight_tables.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

constexpr uint32_t kVersion = 65536;

float Inverse(float scale) { return static_cast<float>(1.0 / scale); }

calibration::FactorParam FloatInput() {
  calibration::FactorParam factor;
  factor.set_data_type(calibration::F16);
  factor.add_scale(1.0f);
  factor.add_offset(0.0f);
  return factor;
}

calibration::FactorParam QuantizedInput(
    const amct::ActivationQuantParam& input) {
  calibration::FactorParam factor;
  factor.set_data_type(NumBits(input) > 8 ? calibration::S16 : calibration::S8);
  factor.add_scale(Inverse(input.scale_d()));
  factor.add_offset(static_cast<float>(input.offset_d()));
  return factor;
}

absl::StatusOr<calibration::LayerParam> LayerEntry(
    const caffe::LayerParameter& layer, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record) {
  calibration::LayerParam entry;
  entry.set_name(layer.name());
  calibration::QuantParam* quant = entry.mutable_quant_param();
  for (int i = 0; i < layer.bottom_size(); ++i) {
    const amct::ActivationQuantParam* input =
        plan.FindInput(layer.name(), i) == nullptr
            ? nullptr
            : FindInputRecord(record, layer.name(), i);
    calibration::FactorParam* factor = quant->add_input();
    *factor = input == nullptr ? FloatInput() : QuantizedInput(*input);
    if (factor->data_type() == calibration::S16) {
      entry.set_calc_data_type(calibration::S16);
    }
  }
  if (plan.FindWeights(layer.name()) == nullptr) return entry;
  calibration::FactorParam* weight = quant->mutable_weight();
  weight->set_data_type(calibration::S8);
  const amct::SingleLayerRecord* factors =
      FindLayerRecord(record, layer.name());
  if (factors == nullptr) return entry;
  for (float scale : factors->scale_w()) weight->add_scale(Inverse(scale));
  if (factors->num_bits_w() == 4) {
    ASSIGN_OR_RETURN(*weight->mutable_params(), WeightTables(layer, *factors));
  }
  return entry;
}

class PythonFloats
    : public google::protobuf::TextFormat::FastFieldValuePrinter {
 public:
  void PrintFloat(float value,
                  google::protobuf::TextFormat::BaseTextGenerator* generator)
      const override {
    generator->PrintString(PythonFloatText(value));
  }
};

}  // namespace

absl::StatusOr<calibration::CalibrationParam> QuantParamRecord(
    const caffe::NetParameter& net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record) {
  calibration::CalibrationParam param;
  param.set_version(kVersion);
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.bottom_size() == 0) continue;
    ASSIGN_OR_RETURN(*param.add_layer(), LayerEntry(layer, plan, record));
  }
  return param;
}

std::string QuantParamRecordToText(const calibration::CalibrationParam& param) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetDefaultFieldValuePrinter(new PythonFloats);  // Takes ownership.
  std::string text;
  printer.PrintToString(param, &text);
  return text;
}

}  // namespace quantd
