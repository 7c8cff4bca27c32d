// DummyData: tops that fillers fill: constants are the same in every pass,
// random values are new in each. The random ones depend on the layer's name,
// the top and the number of the pass.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/filler.h"
#include "engine/core/layer.h"
#include "engine/core/random.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class DummyDataLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {0, 0}, num_tops, {1, Arity::kAny}));
    const caffe::DummyDataParameter& data = param().dummy_data_param();
    RETURN_IF_ERROR(CheckCounts(data, num_tops));
    for (int i = 0; i < num_tops; ++i) {
      const absl::StatusOr<Shape> shape = Shape::Create(DimsOf(data, i));
      if (!shape.ok()) {
        return FieldError("dummy_data_param.shape", shape.status().message());
      }
      shapes_.push_back(*shape);
    }
    return CheckFillers();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    *tops = shapes_;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    for (size_t i = 0; i < tops.size(); ++i) {
      const caffe::FillerParameter& filler = FillerOf(i);
      if (filler.type() == "constant") {
        std::fill_n(tops[i]->DataToOverwrite(), tops[i]->num_elements(),
                    filler.value());
      } else {
        Random random(Seed() + i, num_passes_);
        RETURN_IF_ERROR(Fill(filler, random.Next(), tops[i]));
      }
    }
    ++num_passes_;
    return absl::OkStatus();
  }

  absl::Status SkipPasses(int64_t passes) override {
    num_passes_ += passes;
    return absl::OkStatus();
  }

 private:
  static bool IsLegacy(const caffe::DummyDataParameter& data) {
    return data.num_size() + data.channels_size() + data.height_size() +
               data.width_size() >
           0;
  }

  // Each field is given once, or once a top.
  static absl::Status CheckCounts(const caffe::DummyDataParameter& data,
                                  int num_tops) {
    struct Field {
      const char* name;
      int count;
    };
    std::vector<Field> fields = {{"dummy_data_param.shape", data.shape_size()}};
    if (IsLegacy(data)) {
      if (data.shape_size() > 0) {
        return FieldError("dummy_data_param.shape",
                          "is given beside num, channels, height and width; "
                          "leave one of the two out");
      }
      fields = {{"dummy_data_param.num", data.num_size()},
                {"dummy_data_param.channels", data.channels_size()},
                {"dummy_data_param.height", data.height_size()},
                {"dummy_data_param.width", data.width_size()}};
    }
    if (data.data_filler_size() > 0) {
      fields.push_back(
          {"dummy_data_param.data_filler", data.data_filler_size()});
    }
    for (const Field& field : fields) {
      if (field.count != 1 && field.count != num_tops) {
        return FieldError(
            field.name,
            absl::StrCat("is given ", field.count, " times for ", num_tops,
                         " tops; give one, or one per top"));
      }
    }
    return absl::OkStatus();
  }

  // Of top `i`; a field that is given once is for all tops.
  static std::vector<int64_t> DimsOf(const caffe::DummyDataParameter& data,
                                     int i) {
    if (!IsLegacy(data)) {
      const auto& dims = data.shape(data.shape_size() == 1 ? 0 : i).dim();
      return {dims.begin(), dims.end()};
    }
    const auto dim = [i](const auto& values) {
      return int64_t{values[values.size() == 1 ? 0 : i]};
    };
    return {dim(data.num()), dim(data.channels()), dim(data.height()),
            dim(data.width())};
  }

  // The default is a constant 0.
  const caffe::FillerParameter& FillerOf(size_t i) const {
    const auto& fillers = param().dummy_data_param().data_filler();
    if (fillers.empty()) return caffe::FillerParameter::default_instance();
    return fillers[fillers.size() == 1 ? 0 : static_cast<int>(i)];
  }

  // Every filler has a known type; whether it fits the shape, Forward() sees.
  absl::Status CheckFillers() const {
    for (size_t i = 0; i < shapes_.size(); ++i) {
      Tensor probe(Shape({1, 1, 1, 1}));
      RETURN_IF_ERROR(Fill(FillerOf(i), 0, &probe));
    }
    return absl::OkStatus();
  }

  std::vector<Shape> shapes_;
  uint64_t num_passes_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeDummyDataLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<DummyDataLayer>(param, phase);
}

}  // namespace quantd
