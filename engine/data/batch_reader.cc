#include "engine/data/batch_reader.h"

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/data/lmdb_source.h"
#include "engine/data/mean_file.h"
#include "engine/data/resize_image.h"

namespace quantd {
namespace {

absl::Status OutOfRange(const std::string& option, int64_t value,
                        const std::string& problem) {
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat(option, " is ", value, "; ", problem),
               {{"option", option}, {"value", absl::StrCat(value)}});
}

absl::StatusOr<ImageTransform> MakeTransform(
    const BatchReader::Options& options) {
  absl::optional<Tensor> mean = options.mean;
  if (!mean.has_value() && !options.transform.mean_file().empty()) {
    ASSIGN_OR_RETURN(mean, ReadMeanFile(options.transform.mean_file()));
  }
  return ImageTransform::Create(options.transform, options.phase,
                                std::move(mean), options.seed);
}

absl::StatusOr<Shape> BatchShape(int64_t size, const Shape& image) {
  const absl::StatusOr<Shape> shape =
      Shape::Create({size, image[0], image[1], image[2]});
  if (shape.ok()) return shape;
  return OutOfRange("batch_size", size,
                    absl::StrCat("a batch of so many images of ",
                                 image.ToString(), " is too large; lower it"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<BatchReader>> BatchReader::Create(
    const Options& options) {
  ASSIGN_OR_RETURN(
      auto source,
      LmdbSource::Open(options.lmdb_path,
                       ImageTransform::ColorModeOf(options.transform)));
  return Create(std::move(source), options);
}

absl::StatusOr<std::unique_ptr<BatchReader>> BatchReader::Create(
    std::unique_ptr<ImageSource> source, const Options& options) {
  if (options.prefetch < 0) {
    return OutOfRange("prefetch", options.prefetch, "it must not be negative");
  }
  ASSIGN_OR_RETURN(ImageTransform transform, MakeTransform(options));
  auto batches = absl::WrapUnique(
      new BatchReader(options, std::move(source), std::move(transform)));
  RETURN_IF_ERROR(batches->ReadFirst());
  return batches;
}

BatchReader::~BatchReader() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status BatchReader::ReadFirst() {
  ASSIGN_OR_RETURN(image_shape_, NextImage());
  is_first_decoded_ = true;
  return SetBatchSize(options_.batch_size);
}

absl::Status BatchReader::SetBatchSize(int64_t batch_size) {
  if (batch_size < 1) {
    return OutOfRange("batch_size", batch_size, "it must be at least 1");
  }
  RETURN_IF_ERROR(BatchShape(batch_size, image_shape_).status());
  options_.batch_size = batch_size;
  return absl::OkStatus();
}

absl::Status BatchReader::Skip(int64_t count) {
  const int64_t num_images = count * options_.batch_size;
  if (num_images == 0) return absl::OkStatus();
  if (num_read_ > 0 || thread_.joinable()) {
    return Error(absl::StatusCode::kInternal, "INTERNAL",
                 "batches are skipped after one was read", {});
  }
  RETURN_IF_ERROR(source_->Skip(num_images - (is_first_decoded_ ? 1 : 0)));
  is_first_decoded_ = false;
  num_read_ += num_images;
  return absl::OkStatus();
}

// Decodes the next image into datum_; returns its transformed shape.
absl::Status BatchReader::Resize() {
  if (options_.resize_height == 0) return absl::OkStatus();
  if (datum_.image.bytes.empty()) {
    return source_->AtLast(Error(
        absl::StatusCode::kFailedPrecondition, "DATASET_SHAPE_MISMATCH",
        "the record holds floats, which cannot be scaled to a size; leave "
        "the size out"));
  }
  ResizeBilinear(options_.resize_height, options_.resize_width, &datum_.image);
  return absl::OkStatus();
}

absl::StatusOr<Shape> BatchReader::NextImage() {
  if (is_first_decoded_) {
    is_first_decoded_ = false;
  } else {
    RETURN_IF_ERROR(source_->Next(&datum_));
    RETURN_IF_ERROR(Resize());
  }
  absl::StatusOr<Shape> shape = transform_.OutputShape(datum_.image);
  if (!shape.ok()) return source_->AtLast(shape.status());
  return shape;
}

absl::Status BatchReader::CheckShape(const Shape& shape,
                                     const Shape& expected) const {
  if (shape == expected) return absl::OkStatus();
  return source_->AtLast(
      Error(absl::StatusCode::kFailedPrecondition, "DATASET_SHAPE_MISMATCH",
            absl::StrCat("its transformed shape is ", shape.ToString(),
                         ", but the first record's ",
                         options_.fixed_shape ? "" : "of the batch ", "is ",
                         expected.ToString(),
                         "; use images of one size or set crop_size"),
            {{"expected", expected.ToString()}, {"found", shape.ToString()}}));
}

// Transforms datum_ to the end of `batch`.
absl::Status BatchReader::AddImage(const Shape& shape, Batch* batch) {
  const int64_t size = shape.num_elements();
  RETURN_IF_ERROR(source_->AtLast(transform_.Apply(
      datum_.image, static_cast<uint64_t>(num_read_),
      batch->data.values().subspan(batch->count * size, size))));
  batch->labels.data()[batch->count] = static_cast<float>(datum_.label);
  ++batch->count;
  ++num_read_;
  return absl::OkStatus();
}

absl::Status BatchReader::FillBatch(int64_t size, Batch* batch) {
  ASSIGN_OR_RETURN(const Shape first, NextImage());
  if (options_.fixed_shape) RETURN_IF_ERROR(CheckShape(first, image_shape_));
  ASSIGN_OR_RETURN(const Shape batch_shape, BatchShape(size, first));
  RETURN_IF_ERROR(batch->data.Resize(batch_shape));
  RETURN_IF_ERROR(batch->labels.Resize(Shape({size})));
  RETURN_IF_ERROR(AddImage(first, batch));
  while (batch->count < size && !stopped_) {
    ASSIGN_OR_RETURN(const Shape shape, NextImage());
    RETURN_IF_ERROR(CheckShape(shape, first));
    RETURN_IF_ERROR(AddImage(shape, batch));
  }
  return absl::OkStatus();
}

void BatchReader::ReadBatch(Batch* batch) {
  batch->count = 0;
  int64_t size = options_.batch_size;
  if (!options_.wrap) size = std::min(size, num_records() - num_read_);
  if (size > 0) batch->status = FillBatch(size, batch);
}

// Until stopped, or the last batch or an error is queued.
void BatchReader::Prefetch() {
  while (true) {
    Batch batch;
    {
      absl::MutexLock lock(&mutex_);
      if (!spare_.empty()) {
        batch = std::move(spare_.back());
        spare_.pop_back();
      }
    }
    ReadBatch(&batch);
    const bool is_last = batch.is_last();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &BatchReader::HasRoomOrStopped));
    if (stopped_) return;
    ready_.push_back(std::move(batch));
    if (is_last) return;
  }
}

// The next batch. The last one and an error stay in the queue, so that they
// repeat.
BatchReader::Batch BatchReader::TakeBatch() {
  if (options_.prefetch > 0 && !thread_.joinable()) {
    thread_ = std::thread([this] { Prefetch(); });
  }
  absl::MutexLock lock(&mutex_);
  if (options_.prefetch == 0 && ready_.empty()) {
    Batch batch;
    if (!spare_.empty()) {
      batch = std::move(spare_.back());
      spare_.pop_back();
    }
    ReadBatch(&batch);
    ready_.push_back(std::move(batch));
  }
  mutex_.Await(absl::Condition(this, &BatchReader::HasBatch));
  if (ready_.front().is_last()) return ready_.front();
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  return batch;
}

absl::StatusOr<int64_t> BatchReader::Next(Tensor* data, Tensor* labels) {
  Batch batch = TakeBatch();
  RETURN_IF_ERROR(batch.status);
  if (batch.count == 0) return 0;
  RETURN_IF_ERROR(data->Resize(batch.data.shape()));
  std::copy_n(batch.data.data(), batch.data.num_elements(),
              data->DataToOverwrite());
  if (labels != nullptr) {
    RETURN_IF_ERROR(labels->Resize(batch.labels.shape()));
    std::copy_n(batch.labels.data(), batch.labels.num_elements(),
                labels->DataToOverwrite());
  }
  const int64_t count = batch.count;
  absl::MutexLock lock(&mutex_);
  spare_.push_back(std::move(batch));
  return count;
}

}  // namespace quantd
