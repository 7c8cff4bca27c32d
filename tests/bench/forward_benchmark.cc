// Forward passes of real nets, ms per image. Needs QUANTD_TEST_DATA; without it
// every row says so.
//   OMP_NUM_THREADS=1 bazel-bin/tests/bench/forward_benchmark

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "benchmark/benchmark.h"
#include "engine/core/net.h"
#include "engine/layers/registry.h"
#include "engine/model/load_model.h"

namespace quantd {
namespace {

absl::StatusOr<std::string> ReadModelFile(const std::string& name) {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  if (data == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "TEST_DATA_MISSING",
                 "QUANTD_TEST_DATA is not set");
  }
  std::ifstream file(absl::StrCat(data, "/models/", name), std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  if (!file) {
    return Error(absl::StatusCode::kNotFound, "TEST_DATA_MISSING",
                 absl::StrCat("cannot read ", name));
  }
  return bytes.str();
}

// The net with `batch` images of noise in its only input.
absl::StatusOr<std::unique_ptr<Net>> MakeNet(const std::string& prototxt,
                                             const std::string& weights,
                                             int64_t batch) {
  ASSIGN_OR_RETURN(const std::string text, ReadModelFile(prototxt));
  ASSIGN_OR_RETURN(const std::string bytes, ReadModelFile(weights));
  ASSIGN_OR_RETURN(const LoadedModel model,
                   LoadModel(text, prototxt, bytes, weights));
  ASSIGN_OR_RETURN(std::unique_ptr<Net> net,
                   Net::Create(model.net, {}, MakeLayer));
  ASSIGN_OR_RETURN(Tensor * input, net->MutableBlob(net->input_names()[0]));
  std::vector<int64_t> dims = input->shape().dims();
  dims[0] = batch;
  ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  RETURN_IF_ERROR(input->Resize(shape));
  uint32_t state = 1;
  for (float& value : input->values()) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 24) - 128;
  }
  RETURN_IF_ERROR(net->Forward());
  return net;
}

void BM_Forward(benchmark::State& state, const std::string& prototxt,
                const std::string& weights) {
  const int64_t batch = state.range(0);
  auto net = MakeNet(prototxt, weights, batch);
  if (!net.ok()) {
    state.SkipWithError(std::string(net.status().message()).c_str());
    return;
  }
  for (auto _ : state) {
    const absl::Status status = (*net)->Forward();
    if (!status.ok()) {
      state.SkipWithError(std::string(status.message()).c_str());
      return;
    }
  }
  state.counters["images/s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * batch),
                         benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(BM_Forward, squeezenet,
                  std::string("squeezenet_v1.0/deploy.prototxt"),
                  std::string("squeezenet_v1.0/squeezenet_v1.0_dc.caffemodel"))
    ->Arg(1)
    ->Arg(16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Forward, resnet20,
                  std::string("cifar_resnet20/deploy.prototxt"),
                  std::string("cifar_resnet20/resnet20.caffemodel"))
    ->Arg(1)
    ->Arg(16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Forward, lenet,
                  std::string("lenet_mnist/lenet_deploy.prototxt"),
                  std::string("lenet_mnist/lenet_mnist.caffemodel"))
    ->Arg(1)
    ->Arg(64)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quantd

BENCHMARK_MAIN();
