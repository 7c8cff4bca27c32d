#include "engine/model/load_model.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"
#include "engine/core/shape.h"
#include "engine/model/caffemodel.h"
#include "engine/model/custom_proto.h"
#include "engine/model/phase_filter.h"
#include "engine/model/prototxt.h"
#include "engine/model/upgrade.h"

namespace quantd {
namespace {

absl::Status InvalidModel(const std::string& file, const std::string& what,
                          const std::string& layer = "") {
  ErrorMetadata metadata = {{"file", file}};
  if (!layer.empty()) metadata["layer"] = layer;
  return Error(absl::StatusCode::kInvalidArgument, "MODEL_INVALID",
               absl::StrCat(file, ": ", what), std::move(metadata));
}

absl::Status CheckInputShapes(const caffe::NetParameter& net,
                              const std::string& file) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    for (const caffe::BlobShape& blob : layer.input_param().shape()) {
      const std::vector<int64_t> dims(blob.dim().begin(), blob.dim().end());
      const auto shape = Shape::Create(dims);
      if (!shape.ok()) {
        return InvalidModel(
            file,
            absl::StrCat("layer \"", layer.name(),
                         "\", input_param.shape: ", shape.status().message()),
            layer.name());
      }
      if (shape->num_elements() > 0) continue;
      return InvalidModel(
          file,
          absl::StrCat("layer \"", layer.name(), "\", input_param.shape ",
                       shape->ToString(), ": every dimension must be positive"),
          layer.name());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<caffe::NetParameter> LoadPrototxt(
    absl::string_view text, const std::string& file, const LoadOptions& options,
    std::vector<std::string>* warnings) {
  ASSIGN_OR_RETURN(
      caffe::NetParameter net,
      options.custom_proto == nullptr
          ? ParseNetPrototxt(text, file, warnings)
          : options.custom_proto->ParsePrototxt(text, file, warnings));
  const std::string prefix = absl::StrCat(file, ": ");
  if (net.layer_size() + net.layers_size() > kMaxLayers) {
    return InvalidModel(file, absl::StrCat("more than ", kMaxLayers,
                                           " layers; that is the limit"));
  }
  absl::Status status = UpgradeNet(&net, warnings);
  if (!status.ok()) return Annotate(status, prefix, {{"file", file}});
  caffe::NetState state = net.state();
  state.set_phase(options.phase);
  state.set_level(options.level);
  for (const std::string& stage : options.stages) state.add_stage(stage);
  auto filtered = FilterNet(std::move(net), state);
  if (!filtered.ok()) {
    return Annotate(filtered.status(), prefix, {{"file", file}});
  }
  if (filtered->layer_size() == 0) {
    return InvalidModel(file, absl::StrCat("no layer for phase ",
                                           caffe::Phase_Name(options.phase)));
  }
  RETURN_IF_ERROR(CheckInputShapes(*filtered, file));
  return filtered;
}

absl::Status BlobMismatch(const std::string& layer, int index,
                          const std::string& expected,
                          const std::string& found) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODEL_WEIGHTS_MISMATCH",
               absl::StrCat("layer \"", layer, "\", blob ", index, ": shape ",
                            expected, ", but the file has ", found,
                            " values; the caffemodel is damaged"),
               {{"layer", layer},
                {"blob", absl::StrCat(index)},
                {"expected", expected},
                {"found", found}});
}

absl::Status CheckBlobs(const caffe::LayerParameter& layer) {
  for (int i = 0; i < layer.blobs_size(); ++i) {
    const int64_t found = NumValues(layer.blobs(i));
    const auto shape = ShapeOf(layer.blobs(i));
    if (!shape.ok()) {
      return BlobMismatch(layer.name(), i,
                          absl::StrCat("(", shape.status().message(), ")"),
                          absl::StrCat(found));
    }
    // Without any shape the blob is a vector of its values.
    const bool has_shape = layer.blobs(i).has_shape() || shape->num_axes() != 1;
    if (!has_shape || shape->num_elements() == found) continue;
    return BlobMismatch(
        layer.name(), i,
        absl::StrCat(shape->ToString(), " (", shape->num_elements(), ")"),
        absl::StrCat(found));
  }
  return absl::OkStatus();
}

absl::Status CheckAllBlobs(const caffe::NetParameter& net,
                           const std::string& file) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    const absl::Status status = CheckBlobs(layer);
    if (!status.ok()) {
      return Annotate(status, absl::StrCat(file, ": "), {{"file", file}});
    }
  }
  return absl::OkStatus();
}

// Moves the blobs of `source` into the layers of `net` with the same names.
void AttachBlobs(caffe::NetParameter* source, const std::string& source_file,
                 caffe::NetParameter* net, std::vector<std::string>* warnings) {
  absl::flat_hash_map<std::string, caffe::LayerParameter*> targets;
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    targets.emplace(layer.name(), &layer);
  }
  absl::flat_hash_map<std::string, bool> attached;
  for (caffe::LayerParameter& layer : *source->mutable_layer()) {
    if (layer.blobs_size() == 0) continue;
    const auto target = targets.find(layer.name());
    if (target == targets.end()) {
      if (layer.type() == "Split") continue;
      warnings->push_back(absl::StrCat(
          source_file, ": Ignoring source layer \"", layer.name(),
          "\": the prototxt has no layer of this name in this phase"));
      continue;
    }
    if (!attached.emplace(layer.name(), true).second) {
      warnings->push_back(absl::StrCat(source_file, ": several layers named \"",
                                       layer.name(),
                                       "\" carry weights; the last counts"));
    }
    target->second->mutable_blobs()->Swap(layer.mutable_blobs());
    layer.clear_blobs();
  }
}

}  // namespace

absl::StatusOr<LoadedModel> LoadModel(absl::string_view prototxt_text,
                                      const std::string& prototxt_name,
                                      const std::vector<WeightsFile>& weights,
                                      const LoadOptions& options) {
  LoadedModel model;
  ASSIGN_OR_RETURN(model.net, LoadPrototxt(prototxt_text, prototxt_name,
                                           options, &model.warnings));
  RETURN_IF_ERROR(CheckAllBlobs(model.net, prototxt_name));
  for (const WeightsFile& file : weights) {
    ASSIGN_OR_RETURN(caffe::NetParameter source,
                     ParseCaffemodel(file.bytes, file.name));
    const absl::Status status = UpgradeNet(&source, &model.warnings);
    if (!status.ok()) {
      return Annotate(status, absl::StrCat(file.name, ": "),
                      {{"file", file.name}});
    }
    RETURN_IF_ERROR(CheckAllBlobs(source, file.name));
    AttachBlobs(&source, file.name, &model.net, &model.warnings);
  }
  return model;
}

absl::StatusOr<LoadedModel> LoadModel(absl::string_view prototxt_text,
                                      const std::string& prototxt_name,
                                      absl::string_view caffemodel_bytes,
                                      const std::string& caffemodel_name,
                                      const LoadOptions& options) {
  std::vector<WeightsFile> weights;
  if (!caffemodel_bytes.empty()) {
    weights.push_back({caffemodel_bytes, caffemodel_name});
  }
  return LoadModel(prototxt_text, prototxt_name, weights, options);
}

}  // namespace quantd
