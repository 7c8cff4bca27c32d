#include "engine/data/batch_reader.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/data/mean_file.h"

namespace quantd {
namespace {

absl::Status CheckOptions(const BatchReader::Options& options) {
  if (options.batch_size < 1 || options.prefetch < 1) {
    return Error(
        absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
        absl::StrCat("batch_size (", options.batch_size, ") and prefetch (",
                     options.prefetch, ") must be at least 1"),
        {{"option", "batch_size"},
         {"value", absl::StrCat(options.batch_size)},
         {"allowed", ">= 1"}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<BatchReader>> BatchReader::Create(
    const Options& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(auto reader, LmdbReader::Open(options.lmdb_path));
  absl::optional<Tensor> mean = options.mean;
  if (!mean.has_value() && !options.transform.mean_file().empty()) {
    ASSIGN_OR_RETURN(mean, ReadMeanFile(options.transform.mean_file()));
  }
  ASSIGN_OR_RETURN(ImageTransform transform,
                   ImageTransform::Create(options.transform, options.phase,
                                          std::move(mean), options.seed));
  auto batches = absl::WrapUnique(
      new BatchReader(options, std::move(reader), std::move(transform)));
  RETURN_IF_ERROR(batches->ReadFirstShape());
  batches->thread_ = std::thread([b = batches.get()] { b->Prefetch(); });
  return batches;
}

BatchReader::~BatchReader() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status BatchReader::ReadFirstShape() {
  ASSIGN_OR_RETURN(const LmdbRecord record, reader_->Next());
  RETURN_IF_ERROR(DecodeRecord(record));
  ASSIGN_OR_RETURN(image_shape_, transform_.OutputShape(datum_.image));
  reader_->Rewind();
  const absl::StatusOr<Shape> batch_shape = Shape::Create(
      {options_.batch_size, image_shape_[0], image_shape_[1], image_shape_[2]});
  if (!batch_shape.ok()) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                 absl::StrCat("a batch of ", options_.batch_size, " images of ",
                              image_shape_.ToString(),
                              " is too large; lower batch_size"),
                 {{"option", "batch_size"},
                  {"value", absl::StrCat(options_.batch_size)}});
  }
  return absl::OkStatus();
}

absl::Status BatchReader::DecodeRecord(const LmdbRecord& record) {
  const absl::Status status =
      DecodeDatum(record.value, transform_.color_mode(), &datum_);
  return Annotate(
      status,
      absl::StrCat("data set ", options_.lmdb_path, ", record \"", record.key,
                   "\": "),
      {{"dataset", options_.lmdb_path}, {"key", std::string(record.key)}});
}

// Decodes the next record to the end of `batch`.
absl::Status BatchReader::AddRecord(Batch* batch) {
  ASSIGN_OR_RETURN(const LmdbRecord record, reader_->Next());
  RETURN_IF_ERROR(DecodeRecord(record));
  const ErrorMetadata where = {{"dataset", options_.lmdb_path},
                               {"key", std::string(record.key)}};
  const std::string prefix = absl::StrCat("data set ", options_.lmdb_path,
                                          ", record \"", record.key, "\": ");
  const absl::StatusOr<Shape> shape = transform_.OutputShape(datum_.image);
  if (!shape.ok()) return Annotate(shape.status(), prefix, where);
  if (*shape != image_shape_) {
    return Annotate(
        Error(absl::StatusCode::kFailedPrecondition, "DATASET_SHAPE_MISMATCH",
              absl::StrCat("its transformed shape is ", shape->ToString(),
                           ", but the first record's is ",
                           image_shape_.ToString(),
                           "; use images of one size or set crop_size"),
              {{"expected", image_shape_.ToString()},
               {"found", shape->ToString()}}),
        prefix, where);
  }
  const int64_t size = image_shape_.num_elements();
  RETURN_IF_ERROR(transform_.Apply(
      datum_.image, batch->data.values().subspan(batch->count * size, size)));
  batch->labels.data()[batch->count] = static_cast<float>(datum_.label);
  ++batch->count;
  ++num_read_;
  return absl::OkStatus();
}

BatchReader::Batch BatchReader::ReadBatch() {
  Batch batch;
  int64_t size = options_.batch_size;
  if (!options_.wrap) size = std::min(size, num_records() - num_read_);
  if (size == 0) return batch;
  batch.status = batch.data.Resize(
      Shape({size, image_shape_[0], image_shape_[1], image_shape_[2]}));
  if (batch.status.ok()) batch.status = batch.labels.Resize(Shape({size}));
  while (batch.status.ok() && batch.count < size) {
    batch.status = AddRecord(&batch);
  }
  return batch;
}

// Until stopped, or the last batch or an error is queued.
void BatchReader::Prefetch() {
  while (true) {
    Batch batch = ReadBatch();
    const bool is_last = !batch.status.ok() || batch.count == 0;
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &BatchReader::HasRoomOrStopped));
    if (stopped_) return;
    ready_.push_back(std::move(batch));
    if (is_last) return;
  }
}

absl::StatusOr<int64_t> BatchReader::Next(Tensor* data, Tensor* labels) {
  Batch batch;
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &BatchReader::HasBatch));
    const Batch& front = ready_.front();
    // The end and an error stay in the queue, so that they repeat.
    if (!front.status.ok()) return front.status;
    if (front.count == 0) return 0;
    batch = std::move(ready_.front());
    ready_.pop_front();
  }
  RETURN_IF_ERROR(data->Resize(batch.data.shape()));
  std::copy_n(batch.data.data(), batch.data.num_elements(), data->data());
  if (labels != nullptr) {
    RETURN_IF_ERROR(labels->Resize(batch.labels.shape()));
    std::copy_n(batch.labels.data(), batch.labels.num_elements(),
                labels->data());
  }
  return batch.count;
}

}  // namespace quantd
