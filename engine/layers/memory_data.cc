// MemoryData: images (B,C,H,W) and labels (B) whose values the caller sets
// (Net::MutableBlob), already transformed.
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class MemoryDataLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {0, 0}, num_tops, {2, 2}));
    const caffe::MemoryDataParameter& data = param().memory_data_param();
    const struct {
      const char* field;
      uint32_t value;
    } fields[] = {{"memory_data_param.batch_size", data.batch_size()},
                  {"memory_data_param.channels", data.channels()},
                  {"memory_data_param.height", data.height()},
                  {"memory_data_param.width", data.width()}};
    for (const auto& [field, value] : fields) {
      if (value < 1) return FieldError(field, "must be at least 1");
    }
    const absl::StatusOr<Shape> shape = Shape::Create(
        {data.batch_size(), data.channels(), data.height(), data.width()});
    if (!shape.ok()) {
      return FieldError("memory_data_param", shape.status().message());
    }
    shape_ = *shape;
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    *tops = {shape_, Shape({shape_[0]})};
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    return absl::OkStatus();
  }

 private:
  Shape shape_;
};

}  // namespace

std::unique_ptr<Layer> MakeMemoryDataLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase) {
  return std::make_unique<MemoryDataLayer>(param, phase);
}

}  // namespace quantd
