// Where a net's samples come from: points its Data layer at an LMDB, or puts a
// Data layer in the place of an Input layer.
#ifndef QUANTD_ENGINE_GRAPH_ATTACH_DATA_H_
#define QUANTD_ENGINE_GRAPH_ATTACH_DATA_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// True if `net` (filtered by phase) has a layer of type Data.
bool HasDataLayer(const caffe::NetParameter& net);

// Points the one Data layer of `net` at `lmdb_path`; its transform_param stays.
// batch_size: of the layer from now on; 0 keeps the prototxt's.
// Errors: INVALID_ARGUMENT, MODEL_INVALID if there is no Data layer or more
//   than one, OPTION_OUT_OF_RANGE for a batch size outside 0..65536 or a
//   prototxt without one.
absl::Status SetDataSource(caffe::NetParameter* net,
                           const std::string& lmdb_path, int64_t batch_size);

// Makes the first Input layer of `net`, whose one top is the image, a Data
// layer with the same name and top, and adds a second top for the labels.
// Returns the label blob's name: "label", or "label_1", "label_2", ... if the
// net uses that name.
// batch_size: 1..65536; 0 takes the first dimension of the Input's shape.
// Errors: INVALID_ARGUMENT, MODEL_INVALID if there is no Input layer, it has
//   more than one top, or there are several Input layers (their blobs cannot
//   come from one LMDB); OPTION_CONFLICT if there is a Data layer already;
//   OPTION_OUT_OF_RANGE for a batch size.
absl::StatusOr<std::string> ReplaceInputByData(
    caffe::NetParameter* net, const std::string& lmdb_path, int64_t batch_size,
    const caffe::TransformationParameter& transform);

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_ATTACH_DATA_H_
