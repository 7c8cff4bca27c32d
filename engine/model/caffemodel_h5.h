// Caffemodels in HDF5 (*.caffemodel.h5): names and blobs of layers, nothing
// else. A blob is the float dataset /data/<layer>/<index>; a layer name with
// "/" is a group in a group.
// Not here: which of the two formats a file has (caffemodel.h).
#ifndef QUANTD_ENGINE_MODEL_CAFFEMODEL_H5_H_
#define QUANTD_ENGINE_MODEL_CAFFEMODEL_H5_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The layers in `bytes`, in byte order of their names, with their blobs. Caffe
// leaves out blobs that a layer shares with an earlier one: where a later blob
// of the layer is there, an empty BlobProto stands for them.
// Memory: about twice `bytes`, at most twice 2 GiB.
// Errors: INVALID_ARGUMENT, HDF5_INVALID of Hdf5Reader; CAFFEMODEL_PARSE with
//   file, and dataset: no group /data or nothing in it, a dataset that is not
//   named by an index below 1024, more than 20000 layers, values of 2 GiB or
//   more; MODEL_INVALID for illegal names.
absl::StatusOr<caffe::NetParameter> ParseCaffemodelH5(
    absl::string_view bytes, const std::string& file_name);

// Names and blobs of `net` as Caffe writes them; equal nets give equal bytes.
// Errors: INVALID_ARGUMENT, HDF5_INVALID for layers of one name, MODEL_INVALID
//   for integer blobs (a deploy model), which the format does not have;
//   FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH for a blob whose shape and
//   number of values disagree; RESOURCE_EXHAUSTED.
absl::StatusOr<std::string> SerializeCaffemodelH5(
    const caffe::NetParameter& net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_CAFFEMODEL_H5_H_
