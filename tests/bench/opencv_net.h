// A Caffe net run by OpenCV's DNN module, to compare with.
#ifndef QUANTD_TESTS_BENCH_OPENCV_NET_H_
#define QUANTD_TESTS_BENCH_OPENCV_NET_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/tensor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd::testing {

class OpenCvNet {
 public:
  virtual ~OpenCvNet() = default;

  // Its version; empty where the build found no OpenCV.
  static std::string Version();
  // OpenCV's own pool, for the whole process.
  static void SetNumThreads(int num_threads);
  // Reads `net` with its weights. Errors: UNAVAILABLE without OpenCV, INTERNAL
  // for what its importer does not take.
  static absl::StatusOr<std::unique_ptr<OpenCvNet>> Create(
      const caffe::NetParameter& net);

  virtual absl::Status SetInput(const std::string& name,
                                const Tensor& values) = 0;
  // Computes all of `outputs`.
  virtual absl::Status Forward(const std::vector<std::string>& outputs) = 0;
  // Values of output `index` of the last Forward().
  virtual std::vector<float> Output(int index) const = 0;
};

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_BENCH_OPENCV_NET_H_
