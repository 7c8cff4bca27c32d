// Where the build found no OpenCV.
#include "tests/bench/opencv_net.h"

namespace quantd::testing {

std::string OpenCvNet::Version() { return ""; }

void OpenCvNet::SetNumThreads(int num_threads) {}

absl::StatusOr<std::unique_ptr<OpenCvNet>> OpenCvNet::Create(
    const caffe::NetParameter& net) {
  return absl::UnavailableError("built without OpenCV (libopencv-dnn-dev)");
}

}  // namespace quantd::testing
