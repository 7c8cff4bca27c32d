// Separates a network from its data: what a Data layer did, a FeedReader does.
// Not here: reading (feed_reader.h).
#ifndef QUANTD_ENGINE_JOBS_FEED_NETWORK_FEED_H_
#define QUANTD_ENGINE_JOBS_FEED_NETWORK_FEED_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "engine/core/net.h"
#include "engine/core/tensor.h"
#include "engine/jobs/job.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// A blob that records enter a network through.
struct FeedInput {
  std::string blob;
  // With the batch, as an Input layer states it; without axes if it does not.
  Shape stated;
  // A further top of a Data layer, as its labels: needed only by what reads it.
  bool is_label = false;
};

// The shape of an input for batches of records.
struct InputShape {
  std::string blob;
  Shape record;  // Of one record.
  // The record has the whole blob, its batch included; false: one image of it.
  bool is_whole = false;
};

// Where records enter a network, and how they become its input.
struct NetworkFeed {
  // Top of the Data layer, or of the first Input layer.
  std::string data_blob;
  // Second top of the Data layer; empty if the network has no labels.
  std::string label_blob;
  caffe::TransformationParameter transform;
  absl::optional<Tensor> mean;  // Of mean_file, (C,H,W).
  // Every image is scaled to this size first; 0: not.
  int64_t resize_height = 0;
  int64_t resize_width = 0;
  // Of the Data layer, or of several inputs; 0 without.
  int batch_size = 0;
  // Per image, as an Input layer states it; without axes if it is not known.
  Shape image_shape;
  // All inputs, in net order.
  std::vector<FeedInput> inputs;
  // The job brings a transform of its own.
  bool has_job_transform = false;
  // OK if images can be the input; else why only arrays can.
  absl::Status takes_images;
};

// Finds the Data and Input layers of `net`. Images can be the input if there is
// one Data layer, or else one input. `transform` is the job's own (null: none):
// it is refused beside a Data layer, but for the mean file, which stands in for
// the one that the layer names.
// Errors: FAILED_PRECONDITION, NETWORK_UNSUPPORTED for other data sources,
// layers that write files, or no input at all; INVALID_ARGUMENT,
// OPTION_CONFLICT for transform options beside a Data layer; those of reading
// the mean file. takes_images: FAILED_PRECONDITION, NETWORK_UNSUPPORTED for
// several Data layers or inputs; INVALID_ARGUMENT, OPTION_MISSING for a mean
// file that the layer names and the job does not bring.
absl::StatusOr<NetworkFeed> FindFeed(const caffe::NetParameter& net,
                                     const v1::Transform* transform,
                                     const JobInputs& inputs);

// `net` with its Data layers replaced by Input layers of the same tops, and its
// inputs set to batches of `batch_size` records of these shapes; to
// `batch_size` numbers for other tops.
caffe::NetParameter WithInputLayer(caffe::NetParameter net,
                                   const std::vector<InputShape>& inputs,
                                   int64_t batch_size);

// Images of a batch: `wanted` if it is not 0, else the Data layer's or what all
// of several inputs state, if it is more than 1, else 16.
int64_t BatchSizeOf(const NetworkFeed& feed, int64_t wanted);

// How many images to run at once so that a pass is short on memory and cache:
// a divisor of `batch_size`, which the results of inference do not depend on.
// batch_size itself where they do: a Reshape that states the batch, a BatchNorm
// that computes its statistics, or a recurrent layer.
// `net` was made for one image.
int64_t ImagesPerPass(const Net& net, int64_t batch_size);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_FEED_NETWORK_FEED_H_
