#include "engine/model/caffemodel.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/hdf5/hdf5_reader.h"
#include "engine/model/caffemodel_h5.h"
#include "engine/model/cann_offset.h"
#include "engine/model/names.h"
#include "engine/model/wire_limits.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/unknown_field_set.h"

namespace quantd {
namespace {

constexpr int64_t kMaxBytes = std::numeric_limits<int>::max();
constexpr int kMaxDepth = 100;
constexpr int kBvlcSwishField = 147;  // Of LayerParameter.

absl::Status ParseError(const std::string& file_name, int64_t offset,
                        int64_t size, const std::string& what) {
  return Error(absl::StatusCode::kInvalidArgument, "CAFFEMODEL_PARSE",
               absl::StrCat(file_name, ": ", what),
               {{"file", file_name},
                {"offset", absl::StrCat(offset)},
                {"size", absl::StrCat(size)}});
}

// What `bytes` are instead of a caffemodel; empty if that cannot be told.
std::string OtherFileKind(absl::string_view bytes) {
  if (absl::StartsWith(bytes, "version https://git-lfs")) {
    return "a Git LFS pointer; fetch the real file with `git lfs pull`";
  }
  if (absl::StartsWith(bytes, "\x1f\x8b") ||
      absl::StartsWith(bytes, "PK\3\4")) {
    return "a compressed file; unpack it first";
  }
  for (const char* word : {"name:", "layer", "input:", "#", "<"}) {
    if (absl::StartsWith(bytes, word)) {
      return "text; pass the binary caffemodel";
    }
  }
  return "";
}

// BVLC's numbers of Clip (148, here SmoothL1Loss) and Swish (147, unknown
// here), moved to where this schema has them.
void MoveBvlcParameters(caffe::LayerParameter* layer) {
  if (layer->type() == "Clip" && layer->has_smooth_l1_loss_param() &&
      !layer->has_clip_param()) {
    layer->mutable_clip_param()->ParseFromString(
        layer->smooth_l1_loss_param().SerializeAsString());
    layer->clear_smooth_l1_loss_param();
  }
  if (layer->type() != "Swish" || layer->has_swish_param()) return;
  google::protobuf::UnknownFieldSet* unknown = layer->mutable_unknown_fields();
  for (int i = 0; i < unknown->field_count(); ++i) {
    const google::protobuf::UnknownField& field = unknown->field(i);
    if (field.number() != kBvlcSwishField ||
        field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      continue;
    }
    layer->mutable_swish_param()->ParseFromString(field.length_delimited());
    unknown->DeleteByNumber(kBvlcSwishField);
    return;
  }
}

}  // namespace

absl::StatusOr<caffe::NetParameter> ParseCaffemodel(
    absl::string_view bytes, const std::string& file_name) {
  const int64_t size = static_cast<int64_t>(bytes.size());
  if (bytes.empty()) {
    return ParseError(file_name, 0, 0,
                      "the file is empty; pass the complete caffemodel");
  }
  if (size > kMaxBytes) {
    return ParseError(file_name, 0, size,
                      absl::StrCat("the file has ", size,
                                   " bytes; the limit is ", kMaxBytes));
  }
  if (LooksLikeHdf5(bytes)) return ParseCaffemodelH5(bytes, file_name);
  if (const std::string kind = OtherFileKind(bytes); !kind.empty()) {
    return ParseError(file_name, 0, size,
                      absl::StrCat("not a caffemodel but ", kind));
  }
  if (const WireProblem problem = CheckNetOnWire(bytes);
      !problem.message.empty()) {
    return ParseError(file_name, problem.offset, size,
                      absl::StrCat(problem.message, " at byte ", problem.offset,
                                   " of ", size));
  }
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(size));
  stream.SetTotalBytesLimit(static_cast<int>(kMaxBytes));
  stream.SetRecursionLimit(kMaxDepth);
  caffe::NetParameter net;
  if (!net.MergeFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return ParseError(
        file_name, stream.CurrentPosition(), size,
        absl::StrCat("not a caffemodel: a field inside a layer is broken (",
                     size, " bytes); transfer the file again"));
  }
  if (net.layer_size() == 0 && net.layers_size() == 0) {
    return ParseError(file_name, 0, size,
                      "not a caffemodel: it holds no layers (a mean file or a "
                      "solver state?)");
  }
  RETURN_IF_ERROR(CheckNames(net, file_name));
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    MoveBvlcParameters(&layer);
  }
  LoadCannOffsets(&net);
  return net;
}

absl::StatusOr<std::string> SerializeCaffemodel(
    const caffe::NetParameter& net) {
  const size_t size = net.ByteSizeLong();
  std::string bytes;
  if (size > static_cast<size_t>(kMaxBytes) || !net.SerializeToString(&bytes)) {
    return Error(
        absl::StatusCode::kResourceExhausted, "MESSAGE_TOO_LARGE",
        absl::StrCat("the caffemodel would have ", size,
                     " bytes; the format's limit is ", kMaxBytes),
        {{"size", absl::StrCat(size)}, {"limit", absl::StrCat(kMaxBytes)}});
  }
  return bytes;
}

}  // namespace quantd
