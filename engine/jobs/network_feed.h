// Separates a network from its data: what a Data layer did, a BatchReader does.
#ifndef QUANTD_ENGINE_JOBS_NETWORK_FEED_H_
#define QUANTD_ENGINE_JOBS_NETWORK_FEED_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "engine/core/net.h"
#include "engine/core/tensor.h"
#include "engine/data/batch_reader.h"
#include "engine/jobs/job.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Where records enter a network, and how they become its input.
struct NetworkFeed {
  // Top of the Data layer, or of the only Input layer.
  std::string data_blob;
  // Second top of the Data layer; empty if the network has no labels.
  std::string label_blob;
  caffe::TransformationParameter transform;
  absl::optional<Tensor> mean;  // Of mean_file, (C,H,W).
  // Every image is scaled to this size first; 0: not.
  int64_t resize_height = 0;
  int64_t resize_width = 0;
  // Of the Data layer; 0 without one.
  int batch_size = 0;
  // Per image, as an Input layer states it; without axes if it is not known.
  Shape image_shape;
};

// Finds the one Data layer of `net`, or else its one input. `transform` is the
// job's own (null: none): it is refused beside a Data layer, but for the mean
// file, which stands in for the one that the layer names.
// Errors: FAILED_PRECONDITION, NETWORK_UNSUPPORTED for several Data layers or
// inputs, other data sources, or layers that write files; INVALID_ARGUMENT,
// OPTION_CONFLICT for transform options beside a Data layer, OPTION_MISSING for
// a mean file that the layer names and the job does not bring; those of reading
// the mean file.
absl::StatusOr<NetworkFeed> FindFeed(const caffe::NetParameter& net,
                                     const v1::Transform* transform,
                                     const JobInputs& inputs);

// `net` with its Data layer replaced by an Input layer of the same tops, and
// the batch of its input set to `batch_size` images of `image_shape`.
caffe::NetParameter WithInputLayer(caffe::NetParameter net,
                                   const NetworkFeed& feed, int64_t batch_size,
                                   const Shape& image_shape);

// A reader over `lmdb_path` for this feed. Errors: those of
// BatchReader::Create(); FAILED_PRECONDITION, DATASET_SHAPE_MISMATCH if the
// transformed images do not have the shape that the network's input states.
absl::StatusOr<std::unique_ptr<BatchReader>> OpenFeed(
    const NetworkFeed& feed, const std::string& lmdb_path, int64_t batch_size);

// Images of a batch: `wanted` if it is not 0, else the Data layer's, else 16.
int64_t BatchSizeOf(const NetworkFeed& feed, int64_t wanted);

// Reads the next batch into the inputs of `net`; the number of images, 0 at
// the end. `labels` gets the labels (N).
absl::StatusOr<int64_t> FeedBatch(const NetworkFeed& feed, BatchReader* reader,
                                  Net* net, Tensor* labels);

// How many images to run at once so that a pass is short on memory and cache:
// a divisor of `batch_size`, which the results of inference do not depend on.
// batch_size itself where they do: a Reshape that states the batch, or a
// BatchNorm that computes its statistics.
// `net` was made for one image.
int64_t ImagesPerPass(const Net& net, int64_t batch_size);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_NETWORK_FEED_H_
