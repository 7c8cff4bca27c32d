#include "tests/golden/caffe_case.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/core/tensor.h"
#include "engine/layers/registry.h"
#include "engine/model/load_model.h"
#include "engine/model/prototxt.h"
#include "engine/model/upgrade.h"
#include "google/protobuf/util/message_differencer.h"
#include "nlohmann/json.hpp"
#include "tests/golden/case_values.h"
#include "tests/golden/npy.h"
#include "tests/golden/solver_case.h"

namespace quantd {
namespace {

using Json = nlohmann::json;

// Meanings of a type that are not ours and that a prototxt does not tell from
// ours.
struct OtherMeaning {
  const char* layer;
  const char* variant;
};
constexpr OtherMeaning kOtherMeanings[] = {
    {"GRU", ""},  // Of Synopsys, which keeps a matrix for each gate.
    {"Proposal", "happynear"},
    {"ROIAlign", "maskrcnn_jasjeet"},
    {"ROIAlign", "max4_fallingdust"},
    {"Reorg", "darknet"},
    {"Reverse", "cambricon"},
};

bool IsOtherMeaning(const CaffeCase& test_case) {
  for (const OtherMeaning& other : kOtherMeanings) {
    if (test_case.layer == other.layer && test_case.variant == other.variant) {
      return true;
    }
  }
  return false;
}

CaseResult Failed(const std::string& detail) {
  return {CaseResult::Outcome::kFailed, detail};
}
CaseResult Skipped(const std::string& detail) {
  return {CaseResult::Outcome::kSkipped, detail};
}
CaseResult FromStatus(const absl::Status& status) {
  return status.ok() ? CaseResult{} : Failed(std::string(status.message()));
}

// Empty if the field is absent or null.
std::string Text(const Json& json, const char* field) {
  const auto it = json.find(field);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

std::string Path(const std::string& directory, const std::string& file) {
  return file.empty() ? "" : absl::StrCat(directory, "/", file);
}

Json List(const Json& json, const char* field) {
  const auto it = json.find(field);
  return it != json.end() && it->is_array() ? *it : Json::array();
}

std::vector<CaseBlob> Blobs(const Json& json, const char* field,
                            const std::string& directory) {
  std::vector<CaseBlob> blobs;
  for (const Json& blob : List(json, field)) {
    blobs.push_back({Text(blob, "blob"), Path(directory, Text(blob, "file")),
                     blob.value("batch", 0)});
  }
  return blobs;
}

std::vector<CaseParam> Params(const Json& json, const char* field,
                              const std::string& directory) {
  std::vector<CaseParam> params;
  for (const Json& param : List(json, field)) {
    params.push_back({Text(param, "layer"), param.value("index", 0),
                      Path(directory, Text(param, "file")),
                      param.value("iter", 0)});
  }
  return params;
}

// The nearest ancestor of `directory` that has `file`; empty without one.
std::string FindRoot(const std::string& directory, const std::string& file) {
  std::string root = directory;
  while (!root.empty()) {
    if (ReadFileBytes(Path(root, file)).ok()) return root;
    const size_t slash = root.find_last_of('/');
    root.resize(slash == std::string::npos ? 0 : slash);
  }
  return "";
}

void ParseSolverCase(const Json& json, CaffeCase* result) {
  result->solver = Path(result->directory, Text(json, "solver"));
  for (const Json& loss : List(json, "losses")) {
    result->losses.push_back(loss.get<double>());
  }
  for (const Json& file : List(json, "files")) {
    const std::string name = file.get<std::string>();
    const bool is_state = name.find(".solverstate") != std::string::npos;
    (is_state ? result->snapshot_state : result->snapshot_model) =
        Path(result->directory, name);
  }
}

CaffeCase ParseCase(const Json& json, const std::string& root) {
  CaffeCase result;
  result.name = Text(json, "case");
  result.kind = Text(json, "kind");
  result.layer = Text(json, "layer");
  result.variant = Text(json, "variant");
  result.directory = Path(root, Text(json, "dir"));
  result.phase = Text(json, "phase") == "TRAIN" ? caffe::TRAIN : caffe::TEST;
  const bool is_upgrade = result.kind == "upgrade";
  result.net = Path(result.directory, Text(json, is_upgrade ? "input" : "net"));
  result.weights = Path(result.directory, Text(json, "weights"));
  result.weights_external = Text(json, "weights_external");
  if (!result.weights_external.empty()) {
    result.models_root = FindRoot(root, result.weights_external);
  }
  if (is_upgrade) {
    result.upgraded = Path(result.directory, Text(json, "output"));
  }
  result.inputs = Blobs(json, "inputs", result.directory);
  result.outputs = Blobs(json, "outputs", result.directory);
  result.params_after = Params(json, "params_after", result.directory);
  if (result.kind == "solver") ParseSolverCase(json, &result);
  result.top_diffs = Blobs(json, "top_diffs", result.directory);
  result.bottom_diffs = Blobs(json, "bottom_diffs", result.directory);
  result.param_diffs = Params(json, "param_diffs", result.directory);
  result.rtol = json.value("rtol", 0.0);
  result.atol = json.value("atol", 0.0);
  return result;
}

// One case in progress.
class CaseRun {
 public:
  explicit CaseRun(const CaffeCase& test_case) : case_(test_case) {}

  CaseResult Run() {
    // First the type under test: its parameters may not even be parsable.
    const bool is_net = case_.kind == "net";
    if (!is_net && !IsKnown(case_.layer)) return UnknownType(case_.layer);
    if (const absl::Status status = Load(); !status.ok()) {
      return FromStatus(status);
    }
    for (const caffe::LayerParameter& layer : model_.layer()) {
      if (!IsKnown(layer.type())) return UnknownType(layer.type());
    }
    const absl::Status status = Check();
    // Forward values were right, but there is no backward pass to compare.
    if (absl::IsUnimplemented(status)) {
      return Skipped(std::string(status.message()));
    }
    return FromStatus(status);
  }

 private:
  static bool IsKnown(const std::string& type) {
    const std::vector<std::string> known = LayerTypes();
    return std::binary_search(known.begin(), known.end(), type);
  }

  static CaseResult UnknownType(const std::string& type) {
    return Skipped(absl::StrCat("layer type ", type));
  }

  absl::Status Load() {
    const std::string weights =
        case_.weights_external.empty()
            ? case_.weights
            : Path(case_.models_root, case_.weights_external);
    ASSIGN_OR_RETURN(const std::string text, ReadFileBytes(case_.net));
    std::string bytes;
    if (!weights.empty()) {
      ASSIGN_OR_RETURN(bytes, ReadFileBytes(weights));
    }
    LoadOptions options;
    options.phase = case_.phase;
    ASSIGN_OR_RETURN(LoadedModel loaded,
                     LoadModel(text, case_.net, bytes, weights, options));
    model_ = std::move(loaded.net);
    for (caffe::LayerParameter& layer : *model_.mutable_layer()) {
      ResolvePaths(&layer);
    }
    return absl::OkStatus();
  }

  // Files of a case are named relative to its folder.
  void ResolvePaths(caffe::LayerParameter* layer) const {
    if (layer->has_data_param()) {
      caffe::DataParameter* data = layer->mutable_data_param();
      data->set_source(Path(case_.directory, data->source()));
    }
    if (layer->has_image_data_param()) {
      caffe::ImageDataParameter* data = layer->mutable_image_data_param();
      data->set_source(Path(case_.directory, data->source()));
      data->set_root_folder(
          absl::StrCat(case_.directory, "/", data->root_folder()));
    }
    if (layer->has_hdf5_data_param()) {
      caffe::HDF5DataParameter* data = layer->mutable_hdf5_data_param();
      data->set_source(ResolveList(Path(case_.directory, data->source())));
    }
    if (layer->transform_param().has_mean_file()) {
      caffe::TransformationParameter* transform =
          layer->mutable_transform_param();
      transform->set_mean_file(Path(case_.directory, transform->mean_file()));
    }
  }

  // A copy of the list of files `list`, with their paths from its folder.
  std::string ResolveList(const std::string& list) const {
    const absl::StatusOr<std::string> text = ReadFileBytes(list);
    if (!text.ok()) return list;
    std::string resolved;
    for (const absl::string_view file :
         absl::StrSplit(*text, absl::ByAnyChar(" \r\n"), absl::SkipEmpty())) {
      absl::StrAppend(&resolved, case_.directory, "/", file, "\n");
    }
    const char* folder = std::getenv("TEST_TMPDIR");
    const std::string copy = absl::StrCat(folder == nullptr ? "/tmp" : folder,
                                          "/", case_.name, ".list");
    std::ofstream(copy) << resolved;
    return copy;
  }

  absl::Status Check() {
    Net::Options options;
    options.phase = case_.phase;
    options.backward =
        !case_.bottom_diffs.empty() || !case_.param_diffs.empty();
    ReplaceLossWeights();
    ASSIGN_OR_RETURN(net_, Net::Create(model_, options, MakeLayer));
    for (const CaseBlob& input : case_.inputs) {
      RETURN_IF_ERROR(SetInput(input));
    }
    int num_batches = 1;
    for (const CaseBlob& output : case_.outputs) {
      num_batches = std::max(num_batches, output.batch + 1);
    }
    for (int batch = 0; batch < num_batches; ++batch) {
      RETURN_IF_ERROR(net_->Forward());
      RETURN_IF_ERROR(CheckOutputs(batch));
    }
    RETURN_IF_ERROR(CheckParams());
    return options.backward ? CheckGradients() : absl::OkStatus();
  }

  // Caffe's caller may overwrite the gradient that a loss weight has set, so
  // the weight of a top whose gradient the case gives only asks for a backward
  // pass.
  void ReplaceLossWeights() {
    for (caffe::LayerParameter& layer : *model_.mutable_layer()) {
      for (const CaseBlob& top : case_.top_diffs) {
        const auto& tops = layer.top();
        if (layer.loss_weight_size() == 0 ||
            std::find(tops.begin(), tops.end(), top.blob) == tops.end()) {
          continue;
        }
        layer.clear_loss_weight();
        model_.set_force_backward(true);
      }
    }
  }

  absl::Status SetInput(const CaseBlob& input) {
    ASSIGN_OR_RETURN(Tensor * blob, net_->MutableBlob(input.blob));
    return FillFromFile(input.file, blob);
  }

  absl::Status CheckGradients() {
    for (const CaseBlob& top : case_.top_diffs) {
      ASSIGN_OR_RETURN(Tensor * diff, net_->MutableDiff(top.blob));
      RETURN_IF_ERROR(FillFromFile(top.file, diff));
    }
    net_->ClearParamDiffs();
    RETURN_IF_ERROR(net_->Backward());
    for (const CaseBlob& bottom : case_.bottom_diffs) {
      ASSIGN_OR_RETURN(const Tensor* diff, net_->Diff(bottom.blob));
      RETURN_IF_ERROR(CompareWithFile(absl::StrCat("gradient of ", bottom.blob),
                                      *diff, bottom.file, Tolerances()));
    }
    for (const CaseParam& param : case_.param_diffs) {
      ASSIGN_OR_RETURN(const int index, net_->LayerIndex(param.layer));
      const std::vector<Tensor>& diffs = net_->layer(index).blob_diffs();
      if (param.index >= static_cast<int>(diffs.size())) {
        return absl::InternalError(
            absl::StrCat("layer ", param.layer, " has no blob ", param.index));
      }
      RETURN_IF_ERROR(CompareWithFile(
          absl::StrCat("gradient of ", param.layer, " blob ", param.index),
          diffs[param.index], param.file, Tolerances()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckOutputs(int batch) const {
    for (const CaseBlob& output : case_.outputs) {
      if (output.batch != batch) continue;
      ASSIGN_OR_RETURN(const Tensor* blob, net_->Blob(output.blob));
      RETURN_IF_ERROR(CompareWithFile(absl::StrCat("blob ", output.blob), *blob,
                                      output.file, Tolerances()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckParams() const {
    for (const CaseParam& param : case_.params_after) {
      ASSIGN_OR_RETURN(const int index, net_->LayerIndex(param.layer));
      const std::vector<Tensor>& blobs = net_->layer(index).blobs();
      if (param.index >= static_cast<int>(blobs.size())) {
        return absl::InternalError(
            absl::StrCat("layer ", param.layer, " has no blob ", param.index));
      }
      RETURN_IF_ERROR(
          CompareWithFile(absl::StrCat("layer ", param.layer, " blob ",
                                       param.index, " after forward"),
                          blobs[param.index], param.file, Tolerances()));
    }
    return absl::OkStatus();
  }

  Tolerance Tolerances() const { return {case_.rtol, case_.atol}; }

  const CaffeCase& case_;
  caffe::NetParameter model_;
  std::unique_ptr<Net> net_;
};

absl::Status RunUpgrade(const CaffeCase& test_case) {
  ASSIGN_OR_RETURN(const std::string text, ReadFileBytes(test_case.net));
  ASSIGN_OR_RETURN(const std::string wanted, ReadFileBytes(test_case.upgraded));
  ASSIGN_OR_RETURN(caffe::NetParameter net,
                   ParseNetPrototxt(text, test_case.net));
  ASSIGN_OR_RETURN(const caffe::NetParameter expected,
                   ParseNetPrototxt(wanted, test_case.upgraded));
  RETURN_IF_ERROR(UpgradeNet(&net));
  std::string differences;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&differences);
  if (differencer.Compare(expected, net)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("expected -> ours: ", differences));
}

}  // namespace

absl::StatusOr<std::vector<CaffeCase>> LoadCaffeCases(
    const std::string& directory) {
  const std::string file = Path(directory, "index.json");
  ASSIGN_OR_RETURN(const std::string text, ReadFileBytes(file));
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(file, " is not a list"));
  }
  std::vector<CaffeCase> cases;
  for (const Json& entry : json) {
    if (!entry.is_object() || Text(entry, "case").empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": entry ", cases.size(), " is not a case"));
    }
    cases.push_back(ParseCase(entry, directory));
  }
  return cases;
}

CaseResult RunCaffeCase(const CaffeCase& test_case) {
  if (test_case.kind == "solver") return FromStatus(RunSolverCase(test_case));
  if (test_case.kind == "upgrade") return FromStatus(RunUpgrade(test_case));
  if (IsOtherMeaning(test_case)) {
    return Skipped(
        absl::StrCat(test_case.layer, " as ",
                     test_case.variant.empty() ? "its fork" : test_case.variant,
                     " means it"));
  }
  if (!test_case.weights_external.empty() && test_case.models_root.empty()) {
    return Skipped(absl::StrCat("no ", test_case.weights_external));
  }
  return CaseRun(test_case).Run();
}

}  // namespace quantd
