// Data: batches of an LMDB, cyclic in key order: images (B,C,h,w) and, with two
// tops, labels (B). As in Caffe, rand_skip does nothing.
#include <sys/stat.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/data/lmdb_source.h"
#include "engine/data/transform.h"
#include "engine/layers/checks.h"
#include "engine/layers/data_reader.h"

namespace quantd {
namespace {

class DataLayer : public DataReaderLayer {
 public:
  using DataReaderLayer::DataReaderLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {0, 0}, num_tops, {1, 2}));
    const caffe::DataParameter& data = param().data_param();
    if (data.source().empty()) {
      return FieldError("data_param.source", "is missing");
    }
    if (data.batch_size() < 1) {
      return FieldError("data_param.batch_size", "must be at least 1");
    }
    RETURN_IF_ERROR(CheckBackend(data));
    caffe::TransformationParameter transform = param().transform_param();
    if (data.force_encoded_color() && !transform.force_gray()) {
      transform.set_force_color(true);
    }
    ASSIGN_OR_RETURN(auto source,
                     LmdbSource::Open(data.source(),
                                      ImageTransform::ColorModeOf(transform)));
    return Open(std::move(source), data.batch_size(), data.prefetch(),
                transform);
  }

 private:
  // LevelDB is Caffe's default: without a backend the files decide.
  static absl::Status CheckBackend(const caffe::DataParameter& data) {
    const bool says_leveldb =
        data.has_backend() && data.backend() == caffe::DataParameter::LEVELDB;
    if (!says_leveldb && !IsLevelDb(data.source())) return absl::OkStatus();
    return Error(
        absl::StatusCode::kUnimplemented, "FEATURE_NOT_BUILT",
        absl::StrCat("data_param: ", data.source(),
                     says_leveldb ? " has backend LEVELDB" : " is a LevelDB",
                     ", which is not read; make it again as an LMDB "
                     "(convert_imageset --backend=lmdb, or copy its records) "
                     "and write backend: LMDB"),
        {{"feature", "leveldb"},
         {"field", "data_param.backend"},
         {"file", data.source()}});
  }

  static bool IsLevelDb(const std::string& directory) {
    struct stat info;
    return stat((directory + "/CURRENT").c_str(), &info) == 0;
  }
};

}  // namespace

std::unique_ptr<Layer> MakeDataLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<DataLayer>(param, phase);
}

}  // namespace quantd
