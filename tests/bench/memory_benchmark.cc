// memory_benchmark NET [BATCH]: what inference with a net of the zoo holds, as
// resident memory, against weights plus the most blob bytes that live at once.
//   after: once the net runs; peak: from the parsed model on.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/heap.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/core/threads.h"
#include "engine/graph/optimize_for_inference.h"
#include "engine/layers/registry.h"
#include "tests/bench/nets/net_writer.h"
#include "tests/bench/nets/random_weights.h"
#include "tests/bench/nets/zoo.h"

namespace quantd::testing {
namespace {

// MB of a line of /proc/self/status.
double StatusMb(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, field + ":")) {
      return std::strtod(line.c_str() + field.size() + 1, nullptr) / 1024;
    }
  }
  return 0;
}

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

absl::StatusOr<std::unique_ptr<Net>> MakeNet(caffe::NetParameter model) {
  ASSIGN_OR_RETURN(caffe::NetParameter optimized,
                   OptimizeForInference(std::move(model), {}));
  Net::Options options;
  options.inference = true;
  return Net::Create(std::move(optimized), options, MakeLayer);
}

// Lets the libraries take what they take.
absl::Status WarmUp() {
  NetWriter writer("warm", {1, 3, 32, 32});
  std::string x = writer.ConvBnRelu("a", "data", {32, 3, 1, 1});
  x = writer.ConvBnRelu("b", x, {32, 1});
  writer.Softmax("c", writer.InnerProduct("d", x, 10));
  ASSIGN_OR_RETURN(caffe::NetParameter model, WithRandomWeights(writer.net()));
  ASSIGN_OR_RETURN(const auto net, MakeNet(std::move(model)));
  return net->Forward();
}

absl::Status Measure(const std::string& name, int64_t batch) {
  ReturnLargeBuffers();  // As the worker does.
  SetNumThreads(1);
  RETURN_IF_ERROR(WarmUp());
  TrimHeap();
  const double before = StatusMb("VmRSS");
  ASSIGN_OR_RETURN(caffe::NetParameter model, ZooNet(name, batch));
  ASSIGN_OR_RETURN(model, WithRandomWeights(std::move(model)));
  TrimHeap();
  ResetPeak();
  const double parsed = StatusMb("VmRSS") - before;
  ASSIGN_OR_RETURN(const auto net, MakeNet(std::move(model)));
  model.Clear();
  ASSIGN_OR_RETURN(Tensor * input, net->MutableBlob("data"));
  for (float& value : input->values()) value = 0.5f;
  for (int pass = 0; pass < 3; ++pass) RETURN_IF_ERROR(net->Forward());
  const double peak = StatusMb("VmHWM") - before;
  TrimHeap();
  const double after = StatusMb("VmRSS") - before;
  const double bound =
      static_cast<double>(net->estimated_peak_bytes()) / 1048576;
  std::printf("%s, batch %d: bound %.1f MB; model %.1f MB\n", name.c_str(),
              static_cast<int>(batch), bound, parsed);
  std::printf("  after %.1f MB, %.2f of the bound; peak %.1f MB, %.2f\n", after,
              after / bound, peak, peak / bound);
  return absl::OkStatus();
}

}  // namespace
}  // namespace quantd::testing

int main(int argc, char** argv) {
  int64_t batch = 1;
  if (argc < 2 || argc > 3 ||
      (argc == 3 && !absl::SimpleAtoi(argv[2], &batch))) {
    std::fprintf(stderr, "usage: memory_benchmark NET [BATCH]\n");
    return 2;
  }
  const absl::Status status = quantd::testing::Measure(argv[1], batch);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
