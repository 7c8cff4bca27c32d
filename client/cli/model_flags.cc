#include "client/cli/model_flags.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/blob_transfer.h"
#include "client/dataset_upload.h"
#include "client/datasets.h"
#include "client/input_file.h"
#include "client/open_records.h"

namespace quantd {
namespace {

constexpr int64_t kMaxCrop = 1 << 16;

std::string BaseName(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return path;
  const std::string trimmed = path.substr(0, end + 1);
  return trimmed.substr(trimmed.rfind('/') + 1);
}

// "HxW" or "N", empty for none.
absl::Status ReadSize(const std::string& size, v1::Transform* transform) {
  if (size.empty()) return absl::OkStatus();
  const std::vector<std::string> sides = absl::StrSplit(size, 'x');
  int32_t height = 0, width = 0;
  const bool good = sides.size() <= 2 &&
                    absl::SimpleAtoi(sides.front(), &height) &&
                    absl::SimpleAtoi(sides.back(), &width) && height >= 1 &&
                    width >= 1 && height <= kMaxCrop && width <= kMaxCrop;
  if (!good) {
    return UsageError(absl::StrCat("--resize is \"", size,
                                   "\"; give height and width as in 256x256"));
  }
  transform->set_resize_height(height);
  transform->set_resize_width(width);
  return absl::OkStatus();
}

// Arrays are inputs as they are.
absl::Status CheckNoTransform(const ParsedFlags& flags) {
  for (const char* name :
       {"mean-value", "mean-file", "scale", "resize", "crop"}) {
    if (!flags.Has(name)) continue;
    return UsageError(absl::StrCat(
        "--", name, " is for images, but --data ", flags.Get("data"),
        " are arrays, which go into the network as they are; leave it out and "
        "preprocess before the arrays are written"));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<FlagSpec> ModelFileFlags() {
  return {
      {"model", "FILE", "network, *.prototxt", true},
      {"weights", "FILE", "trained weights, *.caffemodel", true},
  };
}

std::vector<FlagSpec> DataFlags() {
  return {
      {"data", "DATA",
       "a Caffe LMDB (directory), a folder of JPEG and PNG images, a list of "
       "image files, \"path label\" a line, or NumPy's arrays of inputs as "
       "the network takes them: FILE.npz, or NAME=FILE.npy for each input, "
       "repeated; label=FILE.npy for labels",
       true, 0, true},
      {"batch-size", "N",
       "images per forward pass; default: the Data layer's, or the "
       "server's "
       "for a model without one"},
      {"mean-value", "B,G,R",
       "subtract from each channel, one number or one per channel; for "
       "models without a Data layer, as the next three"},
      {"mean-file", "FILE", "subtract a mean image, *.binaryproto"},
      {"scale", "S", "multiply after the mean was subtracted; default 1"},
      {"resize", "HxW", "scale every image to this size first, as ImageData"},
      {"crop", "N", "cut N x N pixels out of the centre"},
  };
}

std::vector<FlagSpec> ModelFlags() {
  std::vector<FlagSpec> flags = ModelFileFlags();
  for (const FlagSpec& flag : DataFlags()) flags.push_back(flag);
  return flags;
}

absl::StatusOr<v1::Transform> ReadTransform(const ParsedFlags& flags) {
  v1::Transform transform;
  if (flags.Has("mean-value") && flags.Has("mean-file")) {
    return UsageError("--mean-value excludes --mean-file; remove one");
  }
  if (flags.Has("mean-value")) {
    for (absl::string_view part :
         absl::StrSplit(flags.Get("mean-value"), ',')) {
      float mean = 0;
      if (!absl::SimpleAtof(part, &mean) || !std::isfinite(mean)) {
        return UsageError(absl::StrCat("--mean-value is \"",
                                       flags.Get("mean-value"),
                                       "\"; give numbers as in 104,117,123"));
      }
      transform.add_mean_value(mean);
    }
  }
  ASSIGN_OR_RETURN(const double scale, flags.GetDouble("scale", 0));
  if (flags.Has("scale") && static_cast<float>(scale) == 0) {
    return UsageError("--scale is 0; give another number, as 0.00390625");
  }
  transform.set_scale(static_cast<float>(scale));
  ASSIGN_OR_RETURN(const int64_t crop, flags.GetInt("crop", 1, kMaxCrop, 0));
  transform.set_crop_size(static_cast<int32_t>(crop));
  RETURN_IF_ERROR(ReadSize(flags.Get("resize"), &transform));
  return transform;
}

absl::Status CheckModelFileFlags(const ParsedFlags& flags) {
  RETURN_IF_ERROR(CheckInputFile(flags.Get("model")));
  return CheckInputFile(flags.Get("weights"));
}

absl::Status CheckModelFlags(const ParsedFlags& flags) {
  RETURN_IF_ERROR(CheckModelFileFlags(flags));
  return CheckDataFlags(flags);
}

absl::Status CheckDataFlags(const ParsedFlags& flags) {
  RETURN_IF_ERROR(ReadTransform(flags).status());
  RETURN_IF_ERROR(flags.GetInt("batch-size", 1, kMaxBatchSize, 0).status());
  if (flags.Has("mean-file")) {
    RETURN_IF_ERROR(CheckInputFile(flags.Get("mean-file")));
  }
  const std::vector<std::string> data = flags.GetAll("data");
  if (IsArrayData(data)) RETURN_IF_ERROR(CheckNoTransform(flags));
  return CheckData(data);
}

absl::Status CheckData(const std::vector<std::string>& data) {
  if (data.size() == 1 && IsDatasetId(data[0])) return absl::OkStatus();
  return OpenRecords(data).status();
}

absl::StatusOr<v1::BlobRef> UploadFile(CommandContext& context,
                                       const std::string& path) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  Progress progress = context.MakeProgress();
  return BlobTransfer(client).Upload(path, [&](int64_t done, int64_t total) {
    progress.Update({"upload " + BaseName(path), done, total, "bytes"});
  });
}

absl::StatusOr<v1::Model> UploadModel(CommandContext& context) {
  v1::Model model;
  ASSIGN_OR_RETURN(*model.mutable_prototxt(),
                   UploadFile(context, context.flags().Get("model")));
  if (context.flags().Has("weights")) {
    ASSIGN_OR_RETURN(*model.mutable_weights(),
                     UploadFile(context, context.flags().Get("weights")));
  }
  return model;
}

absl::StatusOr<v1::Transform> UploadTransform(CommandContext& context) {
  ASSIGN_OR_RETURN(v1::Transform transform, ReadTransform(context.flags()));
  if (context.flags().Has("mean-file")) {
    ASSIGN_OR_RETURN(*transform.mutable_mean_file(),
                     UploadFile(context, context.flags().Get("mean-file")));
  }
  return transform;
}

absl::StatusOr<std::string> UploadData(CommandContext& context,
                                       const std::vector<std::string>& data,
                                       int64_t max_records,
                                       const std::string& display_name) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  const std::string& path = data[0];
  if (IsDatasetId(path)) {
    RETURN_IF_ERROR(Datasets(client).Get(path).status());
    return path;
  }
  Progress progress = context.MakeProgress();
  DatasetUpload::Options options;
  options.max_records = max_records;
  options.display_name = display_name;
  options.digest_progress = [&](int64_t done, int64_t total) {
    progress.Update({"read " + BaseName(path), done, total, "records"});
  };
  options.upload_progress = [&](int64_t done, int64_t total) {
    progress.Update({"upload " + BaseName(path), done, total, "records"});
  };
  ASSIGN_OR_RETURN(const v1::Dataset dataset,
                   DatasetUpload(client).Upload(data, options));
  return dataset.id();
}

}  // namespace quantd
