// HDF5Output: writes its two bottoms as the datasets "data" and "label" of a
// file, as 4-D arrays (N,C,H,W) with 1 for axes that a bottom does not have. A
// pass replaces the file of the pass before, where Caffe fails.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/hdf5/hdf5_writer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class Hdf5OutputLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 2}, num_tops, {0, 0}));
    if (param().hdf5_output_param().file_name().empty()) {
      return FieldError("hdf5_output_param.file_name", "is missing");
    }
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (size_t i = 0; i < bottoms.size(); ++i) {
      if (bottoms[i].num_axes() > 4) {
        return BottomError(absl::StrCat("bottom ", i, " has shape ",
                                        bottoms[i].ToString(),
                                        "; at most four axes are written"));
      }
    }
    if (bottoms[0].LegacyDim(0) != bottoms[1].LegacyDim(0)) {
      return BottomError(absl::StrCat(
          "the bottoms' shapes ", bottoms[0].ToString(), " and ",
          bottoms[1].ToString(), " have different first dimensions"));
    }
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    ASSIGN_OR_RETURN(const auto writer, Hdf5Writer::Create());
    const char* const paths[] = {"/data", "/label"};
    for (int i = 0; i < 2; ++i) {
      const Shape& shape = bottoms[i]->shape();
      const std::vector<int64_t> dims = {shape.LegacyDim(0), shape.LegacyDim(1),
                                         shape.LegacyDim(2),
                                         shape.LegacyDim(3)};
      RETURN_IF_ERROR(writer->AddFloats(paths[i], dims, bottoms[i]->values()));
    }
    ASSIGN_OR_RETURN(const std::string bytes, writer->Finish());
    return FileSystem::Posix()->WriteAtomic(
        param().hdf5_output_param().file_name(), bytes);
  }
};

}  // namespace

std::unique_ptr<Layer> MakeHdf5OutputLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase) {
  return std::make_unique<Hdf5OutputLayer>(param, phase);
}

}  // namespace quantd
