// Fills the inputs of a network from a data set: of images, or of arrays.
#ifndef QUANTD_ENGINE_JOBS_FEED_FEED_READER_H_
#define QUANTD_ENGINE_JOBS_FEED_FEED_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/core/tensor.h"
#include "engine/jobs/feed/network_feed.h"

namespace quantd {

// Reads the records of a data set once, in their order.
//
// Threads: compatible, not safe.
class FeedReader {
 public:
  virtual ~FeedReader() = default;

  virtual int64_t num_records() const = 0;
  // False: images, which were transformed as the feed says.
  virtual bool feeds_arrays() const = 0;
  // Records have labels.
  virtual bool has_labels() const = 0;
  // For WithInputLayer(); the feed's data blob is the first.
  virtual const std::vector<InputShape>& inputs() const = 0;

  // Changes the number of records of a batch; only before the first Next(). It
  // stays 1 if an input is_whole.
  // Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE.
  virtual absl::Status SetBatchSize(int64_t batch_size) = 0;

  // Reads the next batch into the inputs of `net`; the number of records, 0 at
  // the end. `labels` gets the labels, (n,...); it has no values without them.
  // Errors: those of reading; what Net::MutableBlob() gives for an input that
  // `net` does not have.
  virtual absl::StatusOr<int64_t> Next(Net* net, Tensor* labels) = 0;
};

// True if the records are batches of their own (is_whole).
bool HoldsWholeInputs(const std::vector<InputShape>& inputs);

// A reader over `lmdb_path` for this feed.
// Images: the transform is the feed's. Errors: those of BatchReader::Create();
// takes_images; FAILED_PRECONDITION, DATASET_SHAPE_MISMATCH if the transformed
// images do not have the shape that the network's input states.
// Arrays: each input takes that of its name, the only input also one without a
// name, or "arr_0" (numpy.savez() without names). Labels are the array of the
// Data layer's second top, else "label" or "labels"; other arrays are left out.
// A record's shape is that of the input without its first axis, or the whole
// input's (is_whole). Errors: FAILED_PRECONDITION, BLOB_NOT_FOUND for an input
// without an array, DATASET_SHAPE_MISMATCH for one of another shape;
// INVALID_ARGUMENT, OPTION_CONFLICT if the job brings a transform; those of
// TensorReader.
absl::StatusOr<std::unique_ptr<FeedReader>> OpenFeed(
    const NetworkFeed& feed, const std::string& lmdb_path, int64_t batch_size);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_FEED_FEED_READER_H_
