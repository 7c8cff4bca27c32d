#include "engine/model/float_model.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"

namespace quantd {
namespace {

// Layer types that only AMCT inserts.
constexpr absl::string_view kAmctTypes[] = {
    "Quant",     "DeQuant",          "AntiQuant",
    "IFMR",      "SearchN",          "ActivationQAT",
    "WeightQAT", "RetrainDataQuant", "RetrainWeightQuant",
    "LSTMQuant", "LSTMCalibration"};

bool IsAmctType(absl::string_view type) {
  return std::find(std::begin(kAmctTypes), std::end(kAmctTypes), type) !=
         std::end(kAmctTypes);
}

bool HasIntegers(const caffe::BlobProto& blob) {
  return !blob.int8_data().empty() || blob.int32_data_size() > 0 ||
         blob.uint64_data_size() > 0;
}

// -1 without.
int FirstIntegerBlob(const caffe::LayerParameter& layer) {
  for (int i = 0; i < layer.blobs_size(); ++i) {
    if (HasIntegers(layer.blobs(i))) return i;
  }
  return -1;
}

absl::Status AlreadyQuantized(const caffe::LayerParameter& layer,
                              const std::string& what) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODEL_ALREADY_QUANTIZED",
               absl::StrCat("layer \"", layer.name(), "\" ", what,
                            ": the model is quantized already; give the "
                            "original float model"),
               {{"layer", layer.name()}, {"type", layer.type()}});
}

}  // namespace

absl::Status CheckFloatModel(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (IsAmctType(layer.type())) {
      return AlreadyQuantized(layer, absl::StrCat("is a ", layer.type()));
    }
    const int blob = FirstIntegerBlob(layer);
    if (blob < 0) continue;
    return AlreadyQuantized(layer,
                            absl::StrCat("has integers in its blob ", blob));
  }
  return absl::OkStatus();
}

absl::Status CheckFloatBlobs(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    const int blob = FirstIntegerBlob(layer);
    if (blob < 0) continue;
    return Error(
        absl::StatusCode::kFailedPrecondition, "MODEL_HAS_INTEGERS",
        absl::StrCat("layer \"", layer.name(), "\" has integers in its blob ",
                     blob,
                     ": this is a deploy model, which runs on the chip only; "
                     "give the fake-quant model beside it, or compare the two "
                     "by `quantctl verify`"),
        {{"layer", layer.name()}, {"blob", absl::StrCat(blob)}});
  }
  return absl::OkStatus();
}

}  // namespace quantd
