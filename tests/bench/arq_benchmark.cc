// ARQ on the weights of a large convolution, a single core.
#include <random>
#include <vector>

#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "engine/quant/arq.h"

namespace quantd {
namespace {

constexpr int64_t kChannels = 512;
constexpr int64_t kPerChannel = 512 * 3 * 3;

std::vector<double> Weights() {
  std::mt19937 generator(1);
  std::normal_distribution<double> normal(0, 0.02);
  std::vector<double> weights(kChannels * kPerChannel);
  for (double& weight : weights) weight = static_cast<float>(normal(generator));
  return weights;
}

ArqParams PerChannel() {
  ArqParams params;
  params.channel_wise = true;
  params.num_scales = kChannels;
  return params;
}

void BM_ArqSearch(benchmark::State& state) {
  const std::vector<double> weights = Weights();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ArqSearch<double>(absl::MakeConstSpan(weights), PerChannel()));
  }
  state.SetItemsProcessed(state.iterations() * kChannels * kPerChannel);
}
BENCHMARK(BM_ArqSearch)->Unit(benchmark::kMillisecond);

void BM_QuantizeWeights(benchmark::State& state) {
  const std::vector<double> weights = Weights();
  const auto factors =
      ArqSearch<double>(absl::MakeConstSpan(weights), PerChannel());
  if (!factors.ok()) {
    state.SkipWithError("factors");
    return;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        QuantizeWeights<double>(*factors, 8, absl::MakeConstSpan(weights)));
  }
  state.SetItemsProcessed(state.iterations() * kChannels * kPerChannel);
}
BENCHMARK(BM_QuantizeWeights)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quantd

BENCHMARK_MAIN();
