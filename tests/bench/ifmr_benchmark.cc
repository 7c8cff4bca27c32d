// IFMR: what an activation costs the observer, what a search costs, and the
// same by direct evaluation of every candidate. A single core.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "engine/quant/ifmr.h"
#include "engine/quant/ifmr_observer.h"

namespace quantd {
namespace {

constexpr int64_t kCount = int64_t{1} << 22;
constexpr size_t kBatch = size_t{1} << 18;

enum Kind { kNormal, kRelu, kPixels };

std::vector<float> Values(int64_t kind) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> values(kCount);
  for (float& value : values) {
    const float x = normal(generator);
    const float pixel = static_cast<float>(generator() % 256) / 256;
    value = kind == kNormal ? x : kind == kRelu ? std::max(x, 0.0f) : pixel;
  }
  return values;
}

// Adds all values, batch by batch. False on an error.
bool AddAll(const std::vector<float>& values, IfmrObserver* observer) {
  absl::Span<const float> rest = values;
  while (!rest.empty()) {
    const absl::Span<const float> batch = rest.subspan(0, kBatch);
    if (!observer->Add(batch).ok()) return false;
    rest.remove_prefix(batch.size());
  }
  return true;
}

// Seconds per value, printed as a counter.
void ReportPerValue(benchmark::State& state) {
  state.counters["s/value"] =
      benchmark::Counter(static_cast<double>(kCount),
                         benchmark::Counter::kIsIterationInvariantRate |
                             benchmark::Counter::kInvert);
}

void BM_ObserverAdd(benchmark::State& state) {
  const std::vector<float> values = Values(state.range(0));
  for (auto _ : state) {
    auto observer = IfmrObserver::Create({}, kCount);
    if (!observer.ok() || !AddAll(values, &*observer)) {
      state.SkipWithError("observer");
    }
  }
  ReportPerValue(state);
}
BENCHMARK(BM_ObserverAdd)
    ->ArgName("kind")
    ->Arg(kNormal)
    ->Arg(kRelu)
    ->Arg(kPixels)
    ->Unit(benchmark::kMillisecond);

void BM_ObserverFinish(benchmark::State& state) {
  const std::vector<float> values = Values(kNormal);
  IfmrParams params;
  params.num_bits = static_cast<int>(state.range(0));
  auto observer = IfmrObserver::Create(params, kCount);
  if (!observer.ok() || !AddAll(values, &*observer)) {
    state.SkipWithError("observer");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(observer->Finish());
}
BENCHMARK(BM_ObserverFinish)
    ->ArgName("bits")
    ->Arg(8)
    ->Arg(12)
    ->Arg(16)
    ->Unit(benchmark::kMillisecond);

// The yardstick of the two above together.
void BM_ExactSearch(benchmark::State& state) {
  const std::vector<float> values = Values(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(IfmrSearch(values, {}));
  ReportPerValue(state);
}
BENCHMARK(BM_ExactSearch)
    ->ArgName("kind")
    ->Arg(kNormal)
    ->Arg(kRelu)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quantd

BENCHMARK_MAIN();
