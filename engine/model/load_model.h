// A prototxt and caffemodels, turned into one net that is ready for the graph
// passes and for Net::Create().
// Not here: whether blobs fit their layers (Net::Create), running the net.
#ifndef QUANTD_ENGINE_MODEL_LOAD_MODEL_H_
#define QUANTD_ENGINE_MODEL_LOAD_MODEL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

class CustomProto;

struct LoadOptions {
  caffe::Phase phase = caffe::TEST;
  int level = 0;
  std::vector<std::string> stages;
  // The schema of the files, if it is not the built-in one. Not owned.
  const CustomProto* custom_proto = nullptr;
};

// A file of weights, in any format of ParseCaffemodel(). `name` is for
// messages.
struct WeightsFile {
  absl::string_view bytes;
  std::string name;
};

struct LoadedModel {
  caffe::NetParameter net;  // Upgraded, filtered, blobs inside the layers.
  std::vector<std::string> warnings;  // For the job's report.
};

// The most layers a net may have.
inline constexpr int kMaxLayers = 20000;

// Parses all files, upgrades them, selects the prototxt's layers by `options`,
// and moves the blobs of `weights` into the layers of the same names, file by
// file: a later file replaces all blobs that an earlier one gave a layer. All
// other settings come from the prototxt. File names are only used in messages.
// Without weights no layer gets blobs.
// Warnings: unknown fields, layers with blobs whose name the prototxt does not
//   have (Split layers pass silently), several layers of one name that carry
//   blobs in one file (the last counts, as in Caffe).
// Errors: those of ParseNetPrototxt(), ParseCaffemodel(), UpgradeNet() and
//   FilterNet(), naming the file; INVALID_ARGUMENT, MODEL_INVALID for a net
//   without layers, too many layers, or illegal dimensions in an Input layer;
//   FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH with file, layer, blob,
//   expected and found for a blob whose shape is illegal or does not have as
//   many elements as the blob has values.
absl::StatusOr<LoadedModel> LoadModel(absl::string_view prototxt_text,
                                      const std::string& prototxt_name,
                                      const std::vector<WeightsFile>& weights,
                                      const LoadOptions& options = {});

// With one file of weights, or none if `caffemodel_bytes` is empty.
absl::StatusOr<LoadedModel> LoadModel(absl::string_view prototxt_text,
                                      const std::string& prototxt_name,
                                      absl::string_view caffemodel_bytes,
                                      const std::string& caffemodel_name,
                                      const LoadOptions& options = {});

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_LOAD_MODEL_H_
