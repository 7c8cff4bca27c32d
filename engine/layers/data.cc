// Data: batches of an LMDB, cyclic in key order: images (B,C,h,w) and, with two
// tops, labels (B).
#include <sys/stat.h>
#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/data/batch_reader.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class DataLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {0, 0}, num_tops, {1, 2}));
    const caffe::DataParameter& data = param().data_param();
    if (data.source().empty()) {
      return FieldError("data_param.source", "is missing");
    }
    if (data.batch_size() < 1) {
      return FieldError("data_param.batch_size", "must be at least 1");
    }
    if (IsLevelDb(data.source())) {
      return Error(absl::StatusCode::kUnimplemented, "FEATURE_NOT_BUILT",
                   absl::StrCat("data_param.source ", data.source(),
                                " is a LevelDB; convert it to LMDB"),
                   {{"feature", "leveldb"}, {"file", data.source()}});
    }
    BatchReader::Options options;
    options.lmdb_path = data.source();
    options.batch_size = data.batch_size();
    options.transform = param().transform_param();
    options.phase = phase();
    options.prefetch =
        static_cast<int>(std::min(std::max(data.prefetch(), 1u), kMaxPrefetch));
    ASSIGN_OR_RETURN(reader_, BatchReader::Create(options));
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& image = reader_->image_shape();
    const int64_t batch = reader_->batch_size();
    (*tops)[0] = Shape({batch, image[0], image[1], image[2]});
    if (tops->size() > 1) (*tops)[1] = Shape({batch});
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    return reader_->Next(tops[0], tops.size() > 1 ? tops[1] : nullptr).status();
  }

 private:
  static constexpr uint32_t kMaxPrefetch = 16;

  static bool IsLevelDb(const std::string& directory) {
    struct stat info;
    return stat((directory + "/CURRENT").c_str(), &info) == 0;
  }

  std::unique_ptr<BatchReader> reader_;
};

}  // namespace

std::unique_ptr<Layer> MakeDataLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<DataLayer>(param, phase);
}

}  // namespace quantd
