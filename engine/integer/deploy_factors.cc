#include "engine/integer/deploy_factors.h"

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/first_parse_error.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

// Of a table of non-uniform weights.
constexpr int kTableCodes = 16;

absl::Status ParseError(const std::string& file, const std::string& place,
                        const std::string& problem) {
  return Error(absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
               absl::StrCat(file, place, ": ", problem,
                            "; pass the quant_param_record.txt or .bin of the "
                            "deploy model"),
               {{"file", file}});
}

// Checks the entry of one layer.
class EntryReader {
 public:
  EntryReader(const std::string& file, const caffe::LayerParameter& layer,
              const calibration::QuantParam& entry)
      : file_(file), layer_(layer), entry_(entry) {}

  absl::StatusOr<DeployFactors> Read() const {
    if (entry_.input_size() != layer_.bottom_size()) {
      return Invalid("input", absl::StrCat("has ", entry_.input_size(),
                                           " elements; the layer has ",
                                           layer_.bottom_size(), " bottoms"));
    }
    DeployFactors factors;
    for (int i = 0; i < entry_.input_size(); ++i) {
      ASSIGN_OR_RETURN(auto input, ReadInput(i));
      factors.inputs.push_back(input);
    }
    if (entry_.has_weight()) {
      ASSIGN_OR_RETURN(factors.scale_w, ReadWeight());
      factors.weight_tables = entry_.weight().params();
    }
    RETURN_IF_ERROR(CheckNeeds(factors));
    return factors;
  }

 private:
  absl::Status Failure(absl::StatusCode code, const char* reason,
                       const std::string& field,
                       const std::string& problem) const {
    return Error(code, reason,
                 absl::StrCat(file_, ": layer \"", layer_.name(), "\": ", field,
                              " ", problem),
                 {{"file", file_}, {"layer", layer_.name()}, {"field", field}});
  }
  absl::Status Invalid(const std::string& field,
                       const std::string& problem) const {
    return Failure(absl::StatusCode::kInvalidArgument, "RECORD_INVALID", field,
                   problem);
  }
  absl::Status Incomplete(const std::string& field,
                          const std::string& problem) const {
    return Failure(absl::StatusCode::kFailedPrecondition, "RECORD_INCOMPLETE",
                   field, problem);
  }

  absl::StatusOr<float> ReadStep(const std::string& field,
                                 float inv_scale) const {
    const float step = ScaleOfInverse(inv_scale);
    if (inv_scale > 0 && std::isfinite(inv_scale) && std::isfinite(step)) {
      return step;
    }
    return Invalid(
        absl::StrCat(field, ".scale"),
        absl::StrCat("is ", inv_scale, "; it must be positive and finite"));
  }

  absl::StatusOr<absl::optional<FakeQuantParams>> ReadInput(int index) const {
    const calibration::FactorParam& factor = entry_.input(index);
    const std::string field = absl::StrCat("input[", index, "]");
    FakeQuantParams params;
    switch (factor.data_type()) {
      case calibration::F16:
      case calibration::F32:
        return absl::optional<FakeQuantParams>();
      case calibration::S8:
        params.num_bits = 8;
        break;
      case calibration::S16:
        params.num_bits = 16;
        break;
      default:
        return Invalid(
            absl::StrCat(field, ".data_type"),
            absl::StrCat("is ", calibration::DataType_Name(factor.data_type()),
                         "; inputs of S8, S16, F16 and F32 can be run"));
    }
    if (factor.scale_size() != 1 || factor.offset_size() > 1) {
      return Invalid(
          absl::StrCat(field, ".scale"),
          absl::StrCat("and offset have ", factor.scale_size(), " and ",
                       factor.offset_size(), " values; one of each is needed"));
    }
    ASSIGN_OR_RETURN(params.scale, ReadStep(field, factor.scale(0)));
    const float offset = factor.offset_size() == 0 ? 0 : factor.offset(0);
    const float half = std::ldexp(1.0f, params.num_bits - 1);
    if (!(offset >= -half && offset < half) || offset != std::floor(offset)) {
      return Invalid(absl::StrCat(field, ".offset"),
                     absl::StrCat("is ", offset, "; whole numbers from ", -half,
                                  " to ", half - 1, " are legal"));
    }
    params.offset = static_cast<int32_t>(offset);
    return absl::optional<FakeQuantParams>(params);
  }

  absl::StatusOr<std::vector<float>> ReadWeight() const {
    const calibration::FactorParam& factor = entry_.weight();
    if (factor.data_type() != calibration::S8) {
      return Invalid("weight.data_type", "must be S8");
    }
    if (factor.has_params() && static_cast<int>(factor.params().size()) !=
                                   kTableCodes * factor.scale_size()) {
      return Invalid("weight.params",
                     absl::StrCat("has ", factor.params().size(), " bytes; ",
                                  kTableCodes, " per scale are needed"));
    }
    if (factor.scale_size() == 0)
      return Incomplete("weight.scale", "is missing");
    for (const float offset : factor.offset()) {
      if (offset != 0) return Invalid("weight.offset", "must be 0");
    }
    std::vector<float> steps;
    for (const float inv_scale : factor.scale()) {
      ASSIGN_OR_RETURN(const float step, ReadStep("weight", inv_scale));
      steps.push_back(step);
    }
    return steps;
  }

  // What the layer's blobs need.
  absl::Status CheckNeeds(const DeployFactors& factors) const {
    if (!HasIntegerWeights(layer_)) {
      if (factors.scale_w.empty()) return absl::OkStatus();
      return Invalid("weight",
                     "is given, but blob 0 of the layer has no int8_data; "
                     "pass the deploy model that belongs to this record");
    }
    if (factors.scale_w.empty()) {
      return Incomplete("weight", "is missing; blob 0 of the layer is int8");
    }
    if (factors.inputs.empty() || !factors.inputs[0]) {
      return Incomplete("input[0]",
                        "must be S8 or S16; blob 0 of the layer is int8");
    }
    return absl::OkStatus();
  }

  const std::string& file_;
  const caffe::LayerParameter& layer_;
  const calibration::QuantParam& entry_;
};

absl::Status LayerFailure(absl::StatusCode code, const char* reason,
                          const std::string& file, const std::string& layer,
                          const std::string& problem) {
  return Error(code, reason,
               absl::StrCat(file, ": layer \"", layer, "\" ", problem,
                            "; pass the files of one deploy model"),
               {{"file", file}, {"layer", layer}});
}

}  // namespace

bool HasIntegerWeights(const caffe::LayerParameter& layer) {
  return layer.blobs_size() > 0 && !layer.blobs(0).int8_data().empty();
}

absl::StatusOr<calibration::CalibrationParam> ParseQuantParamRecord(
    absl::string_view bytes, const std::string& file_name) {
  // Of a serialized message: version or a layer. No text begins so.
  const bool binary = !bytes.empty() && (bytes[0] == 0x08 || bytes[0] == 0x12);
  calibration::CalibrationParam record;
  if (binary) {
    if (!record.ParsePartialFromArray(bytes.data(),
                                      static_cast<int>(bytes.size()))) {
      return ParseError(file_name, "", "is damaged or no such file");
    }
  } else {
    FirstParseError error;
    google::protobuf::TextFormat::Parser parser;
    parser.RecordErrorsTo(&error);
    parser.AllowPartialMessage(true);
    if (!parser.ParseFromString(std::string(bytes), &record)) {
      return ParseError(
          file_name,
          absl::StrCat(":", error.line() + 1, ":", error.column() + 1),
          error.message());
    }
  }
  if (!record.IsInitialized()) {
    return ParseError(file_name, "",
                      absl::StrCat("missing required fields: ",
                                   record.InitializationErrorString()));
  }
  if (record.layer_size() == 0) {
    return ParseError(file_name, "", "has no layers");
  }
  return record;
}

absl::StatusOr<std::vector<DeployFactors>> DeployFactorsOf(
    const calibration::CalibrationParam& record, const caffe::NetParameter& net,
    const std::string& file_name) {
  std::map<std::string, const calibration::LayerParam*> entries;
  for (const calibration::LayerParam& entry : record.layer()) {
    if (!entries.emplace(entry.name(), &entry).second) {
      return LayerFailure(absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
                          file_name, entry.name(), "has two entries");
    }
  }
  std::vector<DeployFactors> factors;
  for (const caffe::LayerParameter& layer : net.layer()) {
    const auto entry = entries.find(layer.name());
    factors.emplace_back();
    if (entry == entries.end()) {
      if (layer.bottom_size() == 0) continue;
      return LayerFailure(absl::StatusCode::kFailedPrecondition,
                          "RECORD_INCOMPLETE", file_name, layer.name(),
                          "of the deploy model has no entry");
    }
    const calibration::QuantParam& quant = entry->second->quant_param();
    ASSIGN_OR_RETURN(factors.back(),
                     EntryReader(file_name, layer, quant).Read());
    entries.erase(entry);
  }
  if (entries.empty()) return factors;
  return LayerFailure(absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
                      file_name, entries.begin()->first,
                      "does not exist in the deploy model");
}

}  // namespace quantd
