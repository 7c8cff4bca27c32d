// Random weights under which activations keep a sane size.
#ifndef QUANTD_TESTS_BENCH_NETS_RANDOM_WEIGHTS_H_
#define QUANTD_TESTS_BENCH_NETS_RANDOM_WEIGHTS_H_

#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd::testing {

// `net`, whose layers have no blobs, with blobs: what the fillers give, biases
// and BatchNorm's means around 0, its variances and Scale's factors around 1.
// The same every time. Errors: those of Net::Create().
absl::StatusOr<caffe::NetParameter> WithRandomWeights(caffe::NetParameter net);

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_BENCH_NETS_RANDOM_WEIGHTS_H_
