#include "engine/model/caffemodel_h5.h"

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"
#include "engine/core/tensor.h"
#include "engine/hdf5/hdf5_reader.h"
#include "engine/hdf5/hdf5_writer.h"
#include "engine/model/names.h"
#include "engine/model/wire_limits.h"

namespace quantd {
namespace {

constexpr char kRoot[] = "/data";
constexpr int64_t kMaxBytes = std::numeric_limits<int32_t>::max();

// A layer's datasets by index.
using BlobPaths = std::map<int, std::string>;

// Reads one file.
class Parser {
 public:
  Parser(const Hdf5Reader& reader, const std::string& file_name)
      : reader_(reader), file_name_(file_name) {}

  absl::StatusOr<caffe::NetParameter> Parse() {
    RETURN_IF_ERROR(CollectLayers());
    caffe::NetParameter net;
    for (const auto& [name, blobs] : layers_) {
      caffe::LayerParameter* const layer = net.add_layer();
      layer->set_name(name);
      for (const auto& [index, path] : blobs) {
        while (layer->blobs_size() < index) layer->add_blobs();
        RETURN_IF_ERROR(ReadBlob(path, layer->add_blobs()));
      }
    }
    return net;
  }

 private:
  absl::Status ParseError(const std::string& what,
                          const std::string& dataset = "") const {
    return Error(absl::StatusCode::kInvalidArgument, "CAFFEMODEL_PARSE",
                 absl::StrCat(file_name_, ": ", what),
                 {{"file", file_name_}, {"dataset", dataset}});
  }

  // Finds the layers and their datasets.
  absl::Status CollectLayers() {
    for (const std::string& path : reader_.datasets()) {
      absl::string_view name = path;
      if (!absl::ConsumePrefix(&name, absl::StrCat(kRoot, "/"))) continue;
      const size_t slash = name.rfind('/');
      int index = -1;
      if (slash == absl::string_view::npos ||
          !absl::SimpleAtoi(name.substr(slash + 1), &index) || index < 0 ||
          index >= kMaxWireBlobsPerLayer ||
          absl::StrCat(index) != name.substr(slash + 1)) {
        return ParseError(absl::StrCat("dataset ", path,
                                       " is not /data/<layer>/<index>, as "
                                       "Caffe stores weights"),
                          path);
      }
      layers_[std::string(name.substr(0, slash))][index] = path;
      if (layers_.size() > static_cast<size_t>(kMaxWireLayers)) {
        return ParseError(absl::StrCat("more than ", kMaxWireLayers,
                                       " layers; that is the limit"));
      }
    }
    if (!layers_.empty()) return absl::OkStatus();
    return ParseError(
        "not a caffemodel: its group /data holds no weights (a data file or a "
        "solver state?)");
  }

  absl::Status ReadBlob(const std::string& path, caffe::BlobProto* blob) {
    ASSIGN_OR_RETURN(const Hdf5Dataset dataset, reader_.Find(path));
    total_bytes_ += dataset.num_elements * int64_t{sizeof(float)};
    if (total_bytes_ > kMaxBytes) {
      return ParseError(absl::StrCat("the weights take more than ", kMaxBytes,
                                     " bytes; that is the limit"),
                        path);
    }
    for (int64_t dim : dataset.dims) blob->mutable_shape()->add_dim(dim);
    blob->mutable_shape();
    const int count = static_cast<int>(dataset.num_elements);
    blob->mutable_data()->Resize(count, 0);
    return reader_.ReadFloats(
        path, absl::MakeSpan(blob->mutable_data()->mutable_data(), count));
  }

  const Hdf5Reader& reader_;
  const std::string& file_name_;
  std::map<std::string, BlobPaths> layers_;
  int64_t total_bytes_ = 0;
};

absl::Status AddBlob(const std::string& path, const caffe::BlobProto& blob,
                     Hdf5Writer* writer) {
  if (!blob.int8_data().empty() || blob.int32_data_size() > 0 ||
      blob.uint64_data_size() > 0) {
    return Error(absl::StatusCode::kInvalidArgument, "MODEL_INVALID",
                 absl::StrCat(path,
                              ": a caffemodel.h5 holds floats only; save "
                              "integer blobs as a binary caffemodel"),
                 {{"dataset", path}});
  }
  ASSIGN_OR_RETURN(const Tensor tensor, MakeTensor(blob));
  return writer->AddFloats(path, tensor.shape().dims(), tensor.values());
}

}  // namespace

absl::StatusOr<caffe::NetParameter> ParseCaffemodelH5(
    absl::string_view bytes, const std::string& file_name) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Reader> reader,
                   Hdf5Reader::FromBytes(bytes, file_name));
  ASSIGN_OR_RETURN(caffe::NetParameter net, Parser(*reader, file_name).Parse());
  RETURN_IF_ERROR(CheckNames(net, file_name));
  return net;
}

absl::StatusOr<std::string> SerializeCaffemodelH5(
    const caffe::NetParameter& net) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Writer> writer,
                   Hdf5Writer::Create());
  RETURN_IF_ERROR(writer->AddGroup(kRoot));
  for (const caffe::LayerParameter& layer : net.layer()) {
    const std::string group = absl::StrCat(kRoot, "/", layer.name());
    RETURN_IF_ERROR(writer->AddGroup(group));
    for (int i = 0; i < layer.blobs_size(); ++i) {
      const absl::Status status =
          AddBlob(absl::StrCat(group, "/", i), layer.blobs(i), writer.get());
      if (!status.ok()) {
        return Annotate(
            status,
            absl::StrCat("layer \"", layer.name(), "\", blob ", i, ": "),
            {{"layer", layer.name()}, {"blob", absl::StrCat(i)}});
      }
    }
  }
  return writer->Finish();
}

}  // namespace quantd
