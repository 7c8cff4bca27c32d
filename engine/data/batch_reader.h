// Batches of net inputs from a data set, decoded ahead in the background.
#ifndef QUANTD_ENGINE_DATA_BATCH_READER_H_
#define QUANTD_ENGINE_DATA_BATCH_READER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/data/datum.h"
#include "engine/data/image_source.h"
#include "engine/data/transform.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Reads images in the order of their source, transforms them and puts them into
// batches. One thread of its own works up to `prefetch` batches ahead, from the
// first Next() on. The sequence of batches depends on the options and the data
// only, not on the thread.
//
// Threads: compatible, not safe; the destructor stops the thread, after at most
//   one image.
// Memory: prefetch + 1 batches, which are used again.
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
    // Directory of the LMDB; only for Create(options).
    std::string lmdb_path;
    // Images of one batch, at least 1.
    int64_t batch_size = 1;
    caffe::TransformationParameter transform;
    // Every decoded image is scaled to this size before the transform; 0: not.
    int64_t resize_height = 0;
    int64_t resize_width = 0;
    // Mean image (C,H,W). If absent, transform.mean_file is read when set.
    absl::optional<Tensor> mean;
    // TRAIN: random crops and flips.
    caffe::Phase phase = caffe::TEST;
    // Of the random crops and flips.
    uint64_t seed = 1;
    // True: the first record follows the last, for ever, as in Caffe's Data
    // layer. False: the last batch is smaller, and then there are no more.
    bool wrap = true;
    // True: all images have the first one's shape, once transformed. False: the
    // images of a batch have one shape, as in Caffe.
    bool fixed_shape = true;
    // Batches decoded ahead; 0: in Next(), without a thread.
    int prefetch = 3;
  };

  // Opens the data set at options.lmdb_path and decodes its first record, which
  // gives the shape.
  // Errors: those of LmdbSource::Open(), ReadMeanFile(), DecodeDatum() and
  // ImageTransform; INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for batch_size or
  // prefetch, or a batch of more than 2^31-1 elements.
  static absl::StatusOr<std::unique_ptr<BatchReader>> Create(
      const Options& options);
  // The same, for any source.
  static absl::StatusOr<std::unique_ptr<BatchReader>> Create(
      std::unique_ptr<ImageSource> source, const Options& options);
  ~BatchReader();
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;

  int64_t num_records() const { return source_->num_images(); }
  int64_t batch_size() const { return options_.batch_size; }
  // (C,h,w) of the first transformed image.
  const Shape& image_shape() const { return image_shape_; }

  // Changes the number of images of a batch; only before the first Next().
  // Errors: as Create().
  absl::Status SetBatchSize(int64_t batch_size);

  // Leaves out `count` batches; only before the first Next(), with wrap = true.
  // Errors: those of ImageSource::Skip().
  absl::Status Skip(int64_t count);

  // Resizes and fills `data` (n,C,h,w) and, unless null, `labels` (n). Returns
  // n: batch_size, or with wrap = false less in the last batch and 0 after it
  // (then the tensors are untouched).
  // Errors: FAILED_PRECONDITION with data set and key: DATASET_SHAPE_MISMATCH
  // for a record whose transformed shape differs, DATASET_CORRUPT for one that
  // cannot be decoded. An error repeats.
  absl::StatusOr<int64_t> Next(Tensor* data, Tensor* labels);

 private:
  struct Batch {
    absl::Status status;
    int64_t count = 0;
    Tensor data;
    Tensor labels;

    bool is_last() const { return !status.ok() || count == 0; }
  };

  BatchReader(const Options& options, std::unique_ptr<ImageSource> source,
              ImageTransform transform)
      : options_(options),
        source_(std::move(source)),
        transform_(std::move(transform)) {}

  absl::Status ReadFirst();
  absl::StatusOr<Shape> NextImage();
  absl::Status Resize();
  absl::Status CheckShape(const Shape& shape, const Shape& expected) const;
  absl::Status AddImage(const Shape& shape, Batch* batch);
  absl::Status FillBatch(int64_t size, Batch* batch);
  void ReadBatch(Batch* batch);
  void Prefetch();
  Batch TakeBatch();
  bool HasRoomOrStopped() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopped_ || ready_.size() < static_cast<size_t>(options_.prefetch);
  }
  bool HasBatch() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !ready_.empty();
  }

  Options options_;
  Shape image_shape_;

  // Of the thread, once it runs.
  std::unique_ptr<ImageSource> source_;
  ImageTransform transform_;
  DecodedDatum datum_;
  bool is_first_decoded_ = false;  // datum_ is the first image, not yet used.
  int64_t num_read_ = 0;

  absl::Mutex mutex_;
  std::deque<Batch> ready_ ABSL_GUARDED_BY(mutex_);
  std::vector<Batch> spare_ ABSL_GUARDED_BY(mutex_);  // For their memory.
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_BATCH_READER_H_
