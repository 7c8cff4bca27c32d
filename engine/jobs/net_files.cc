#include "engine/jobs/net_files.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

bool OpensFiles(const std::string& type) {
  static constexpr const char* kTypes[] = {"HDF5Data", "HDF5Output",
                                           "ImageData", "WindowData"};
  return std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&type](const char* other) { return type == other; });
}

absl::Status CheckType(const caffe::LayerParameter& layer) {
  if (!OpensFiles(layer.type())) return absl::OkStatus();
  return Error(
      absl::StatusCode::kFailedPrecondition, "NETWORK_UNSUPPORTED",
      absl::StrCat("layer \"", layer.name(), "\" of type ", layer.type(),
                   " opens files of the machine that it runs on; use "
                   "a Data layer with an LMDB in its place"),
      {{"layer", layer.name()}, {"type", layer.type()}});
}

absl::Status Missing(const caffe::LayerParameter& layer,
                     const std::string& field, const std::string& path) {
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_MISSING",
               absl::StrCat("layer \"", layer.name(), "\": ", field, " \"",
                            path, "\" does not come with the job; send it"),
               {{"layer", layer.name()}, {"field", field}, {"file", path}});
}

// A path that a layer opens.
struct FileField {
  const char* name;
  std::string* path;
  bool is_dataset;
};

std::vector<FileField> FieldsOf(caffe::LayerParameter* layer) {
  std::vector<FileField> fields;
  if (layer->data_param().has_source()) {
    fields.push_back({"data_param.source",
                      layer->mutable_data_param()->mutable_source(), true});
  }
  if (layer->transform_param().has_mean_file()) {
    fields.push_back({"transform_param.mean_file",
                      layer->mutable_transform_param()->mutable_mean_file(),
                      false});
  }
  if (layer->infogain_loss_param().has_source()) {
    fields.push_back({"infogain_loss_param.source",
                      layer->mutable_infogain_loss_param()->mutable_source(),
                      false});
  }
  return fields;
}

}  // namespace

absl::Status ReplaceFiles(const NetFiles& files, caffe::NetParameter* net) {
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    RETURN_IF_ERROR(CheckType(layer));
    for (const FileField& field : FieldsOf(&layer)) {
      const auto& known = field.is_dataset ? files.datasets : files.files;
      const auto it = known.find(*field.path);
      if (it == known.end()) return Missing(layer, field.name, *field.path);
      *field.path = it->second;
    }
  }
  return absl::OkStatus();
}

void RestoreFiles(const NetFiles& files, caffe::NetParameter* net) {
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    for (const FileField& field : FieldsOf(&layer)) {
      for (const auto& [original, replaced] :
           field.is_dataset ? files.datasets : files.files) {
        if (replaced != *field.path) continue;
        *field.path = original;
        break;
      }
    }
  }
}

absl::Status RefuseFiles(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    RETURN_IF_ERROR(CheckType(layer));
    if (layer.infogain_loss_param().has_source()) {
      return Missing(layer, "infogain_loss_param.source",
                     layer.infogain_loss_param().source());
    }
  }
  return absl::OkStatus();
}

}  // namespace quantd
