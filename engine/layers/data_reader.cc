#include "engine/layers/data_reader.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr uint32_t kMaxPrefetch = 16;

}  // namespace

absl::Status DataReaderLayer::Open(
    std::unique_ptr<ImageSource> source, int64_t batch_size, uint32_t prefetch,
    const caffe::TransformationParameter& transform) {
  BatchReader::Options options;
  options.batch_size = batch_size;
  options.transform = transform;
  options.phase = phase();
  options.seed = Seed();
  options.fixed_shape = false;
  options.prefetch = static_cast<int>(std::clamp(prefetch, 1u, kMaxPrefetch));
  ASSIGN_OR_RETURN(reader_, BatchReader::Create(std::move(source), options));
  return absl::OkStatus();
}

absl::Status DataReaderLayer::Reshape(absl::Span<const Shape> bottoms,
                                      std::vector<Shape>* tops) {
  const Shape& image = reader_->image_shape();
  const int64_t batch = reader_->batch_size();
  (*tops)[0] = Shape({batch, image[0], image[1], image[2]});
  if (tops->size() > 1) (*tops)[1] = Shape({batch});
  return absl::OkStatus();
}

absl::Status DataReaderLayer::Forward(Bottoms bottoms, Tops tops) {
  return reader_->Next(tops[0], tops.size() > 1 ? tops[1] : nullptr).status();
}

absl::Status DataReaderLayer::SkipPasses(int64_t passes) {
  return reader_->Skip(passes);
}

}  // namespace quantd
