// ImageData: batches of the image files of a list of lines "path label":
// images (B,C,h,w) and labels (B). With a batch of 1 (or images that happen to
// be equal) every batch has its own size, unless new_height and new_width are
// given.
#include <memory>

#include "base/status_macros.h"
#include "engine/data/decode_image.h"
#include "engine/data/image_list.h"
#include "engine/layers/checks.h"
#include "engine/layers/data_reader.h"

namespace quantd {
namespace {

class ImageDataLayer : public DataReaderLayer {
 public:
  using DataReaderLayer::DataReaderLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {0, 0}, num_tops, {2, 2}));
    const caffe::ImageDataParameter& data = param().image_data_param();
    RETURN_IF_ERROR(CheckFields(data));
    ImageListSource::Options options;
    options.list = data.source();
    options.root_folder = data.root_folder();
    options.is_color = data.is_color();
    options.new_height = data.new_height();
    options.new_width = data.new_width();
    options.shuffle = data.shuffle();
    options.rand_skip = data.rand_skip();
    options.seed = Seed();
    ASSIGN_OR_RETURN(auto source, ImageListSource::Open(options));
    return Open(std::move(source), data.batch_size(), kPrefetch,
                param().transform_param());
  }

 private:
  static constexpr uint32_t kPrefetch = 3;

  static absl::Status CheckFields(const caffe::ImageDataParameter& data) {
    if (data.source().empty()) {
      return FieldError("image_data_param.source", "is missing");
    }
    if (data.batch_size() < 1) {
      return FieldError("image_data_param.batch_size", "must be at least 1");
    }
    const int64_t height = data.new_height();
    const int64_t width = data.new_width();
    if ((height == 0) != (width == 0)) {
      return FieldError("image_data_param.new_height",
                        "and new_width must both be given, or none");
    }
    if (height > kMaxImagePixels || width > kMaxImagePixels ||
        height * width > kMaxImagePixels) {
      return FieldError("image_data_param.new_height",
                        "times new_width is too large");
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeImageDataLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<ImageDataLayer>(param, phase);
}

}  // namespace quantd
