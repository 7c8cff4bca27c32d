// Published architectures, written from their papers and prototxts' structure,
// for benchmarks and whole-net tests.
#ifndef QUANTD_TESTS_BENCH_NETS_ZOO_H_
#define QUANTD_TESTS_BENCH_NETS_ZOO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd::testing {

// Names that ZooNet() knows, in the order of tables.
const std::vector<std::string>& ZooNames();

// The net without weights, with `batch` images in "data". NOT_FOUND for a name
// that is not in ZooNames().
absl::StatusOr<caffe::NetParameter> ZooNet(const std::string& name,
                                           int64_t batch);

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_BENCH_NETS_ZOO_H_
