// Batches of net inputs from an LMDB, decoded ahead in the background.
#ifndef QUANTD_ENGINE_DATA_BATCH_READER_H_
#define QUANTD_ENGINE_DATA_BATCH_READER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/data/datum.h"
#include "engine/data/lmdb_reader.h"
#include "engine/data/transform.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Reads records in key order, transforms them and puts them into batches. One
// thread of its own works up to `prefetch` batches ahead. The sequence of
// batches depends on the options and the data only.
//
// Threads: compatible, not safe; the destructor stops the thread.
// Memory: prefetch + 1 batches.
//
// Example:
//   BatchReader::Options options;
//   options.lmdb_path = "test_lmdb";
//   options.batch_size = 32;
//   options.wrap = false;
//   ASSIGN_OR_RETURN(auto reader, BatchReader::Create(options));
//   Tensor data, labels;
//   while (true) {
//     ASSIGN_OR_RETURN(int64_t count, reader->Next(&data, &labels));
//     if (count == 0) break;
//     ...
//   }
class BatchReader {
 public:
  struct Options {
    // Directory of the LMDB.
    std::string lmdb_path;
    // Images of one batch, at least 1.
    int64_t batch_size = 1;
    caffe::TransformationParameter transform;
    // Mean image (C,H,W). If absent, transform.mean_file is read when set.
    absl::optional<Tensor> mean;
    // TRAIN: random crops and flips.
    caffe::Phase phase = caffe::TEST;
    // Of the random crops and flips.
    uint64_t seed = 1;
    // True: the first record follows the last, for ever, as in Caffe's Data
    // layer. False: the last batch is smaller, and then there are no more.
    bool wrap = true;
    // Batches decoded ahead, at least 1.
    int prefetch = 3;
  };

  // Opens the data set and decodes its first record, which gives the shape.
  // Errors: those of LmdbReader::Open(), ReadMeanFile(), DecodeDatum() and
  // ImageTransform; INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for batch_size or
  // prefetch, or a batch of more than 2^31-1 elements.
  static absl::StatusOr<std::unique_ptr<BatchReader>> Create(
      const Options& options);
  ~BatchReader();
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;

  int64_t num_records() const { return reader_->num_records(); }
  int64_t batch_size() const { return options_.batch_size; }
  // (C,h,w) of one transformed image.
  const Shape& image_shape() const { return image_shape_; }

  // Resizes and fills `data` (n,C,h,w) and, unless null, `labels` (n). Returns
  // n: batch_size, or with wrap = false less in the last batch and 0 after it
  // (then the tensors are untouched).
  // Errors: FAILED_PRECONDITION with data set and key: DATASET_SHAPE_MISMATCH
  // for a record whose transformed shape differs from the first one's,
  // DATASET_CORRUPT for one that cannot be decoded. An error repeats.
  absl::StatusOr<int64_t> Next(Tensor* data, Tensor* labels);

 private:
  struct Batch {
    absl::Status status;
    int64_t count = 0;
    Tensor data;
    Tensor labels;
  };

  BatchReader(const Options& options, std::unique_ptr<LmdbReader> reader,
              ImageTransform transform)
      : options_(options),
        reader_(std::move(reader)),
        transform_(std::move(transform)) {}

  absl::Status ReadFirstShape();
  absl::Status DecodeRecord(const LmdbRecord& record);
  absl::Status AddRecord(Batch* batch);
  Batch ReadBatch();
  void Prefetch();
  bool HasRoomOrStopped() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopped_ || ready_.size() < static_cast<size_t>(options_.prefetch);
  }
  bool HasBatch() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !ready_.empty();
  }

  const Options options_;
  Shape image_shape_;

  // Of the thread, once it runs.
  std::unique_ptr<LmdbReader> reader_;
  ImageTransform transform_;
  DecodedDatum datum_;
  int64_t num_read_ = 0;

  absl::Mutex mutex_;
  std::deque<Batch> ready_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_BATCH_READER_H_
