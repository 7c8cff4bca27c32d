// One iteration of Caffe's LeNet solver on the digits that ship with the
// project: 64 images forward, backward, update. One and two threads.
//   bazel run //tests/bench:training_benchmark
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "benchmark/benchmark.h"
#include "engine/core/threads.h"
#include "engine/layers/registry.h"
#include "engine/train/solver.h"
#include "engine/train/solver_nets.h"
#include "engine/train/solver_param.h"

namespace quantd::testing {
namespace {

constexpr char kSolver[] =
    "net: 'lenet' base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 "
    "lr_policy: 'fixed' max_iter: 1000000 snapshot_prefix: 'lenet'";

absl::StatusOr<std::unique_ptr<Solver>> MakeSolver() {
  const std::string data = "tests/data/digits/";  // From the workspace.
  auto param = ParseSolver(kSolver, "solver.prototxt");
  if (!param.ok()) return param.status();
  auto nets = LoadSolverNets(*param, [&](const std::string&) {
    std::ifstream file(data + "lenet_train_test.prototxt");
    return absl::StatusOr<std::string>(
        std::string(std::istreambuf_iterator<char>(file), {}));
  });
  if (!nets.ok()) return nets.status();
  for (caffe::LayerParameter& layer : *nets->train.mutable_layer()) {
    if (!layer.has_data_param()) continue;
    layer.mutable_data_param()->set_source(data + "digits_calibration_lmdb");
  }
  return Solver::Create(*param, *nets, MakeLayer, {});
}

void BM_LeNetIteration(benchmark::State& state) {
  SetNumThreads(static_cast<int>(state.range(0)));
  auto solver = MakeSolver();
  if (!solver.ok()) {
    state.SkipWithError(std::string(solver.status().message()).c_str());
    return;
  }
  for (auto _ : state) {
    const absl::Status status = (*solver)->Step(nullptr);
    if (!status.ok()) state.SkipWithError("a step failed");
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(BM_LeNetIteration)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace quantd::testing

BENCHMARK_MAIN();
