// What calibration costs beside its forward passes: SqueezeNet v1.0 over 32
// and 96 images. Needs QUANTD_TEST_DATA.
//   OMP_NUM_THREADS=1 bazel-bin/tests/bench/calibration_benchmark

#include <sys/resource.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "engine/graph/optimize_for_inference.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "engine/layers/registry.h"
#include "tests/testing/engine_job.h"
#include "tests/testing/subprocess.h"

namespace quantd::testing {
namespace {

constexpr int64_t kBatchSize = 16;

v1::JobSpec SqueezeNet(const std::string& data, int64_t num_images) {
  v1::JobSpec spec;
  v1::CalibrateSpec* calibrate = spec.mutable_calibrate();
  const std::string model = data + "/models/squeezenet_v1.0/";
  *calibrate->mutable_model()->mutable_prototxt() =
      FileBlob(model + "deploy.prototxt");
  *calibrate->mutable_model()->mutable_weights() =
      FileBlob(model + "squeezenet_v1.0_dc.caffemodel");
  calibrate->set_dataset_id(data + "/data/imagenet_calibration_lmdb");
  calibrate->mutable_transform()->set_crop_size(227);
  for (const float mean : {104.0f, 117.0f, 123.0f}) {
    calibrate->mutable_transform()->add_mean_value(mean);
  }
  calibrate->set_batch_size(kBatchSize);
  calibrate->set_batch_num(static_cast<int32_t>(num_images / kBatchSize));
  return spec;
}

// The test data's directory; skips the benchmark without it.
std::string DataOrSkip(benchmark::State& state) {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  if (data == nullptr || *data == 0) {
    state.SkipWithError("QUANTD_TEST_DATA is not set");
    return "";
  }
  return data;
}

// Decoding and forward passes of the float net alone, made to be fast; with
// the kernels of calibration, which leave out Winograd's, if `exact`.
void ForwardPasses(benchmark::State& state, bool exact) {
  const std::string data = DataOrSkip(state);
  if (data.empty()) return;
  const v1::CalibrateSpec spec = SqueezeNet(data, state.range(0)).calibrate();
  JobInputs inputs;
  inputs.read_blob =
      [](const v1::BlobRef& blob) -> absl::StatusOr<std::string> {
    return ReadFile(blob.file_name());
  };
  RecordingMonitor monitor;
  auto model = ReadJobModel(spec.model(), inputs, &monitor);
  auto feed = FindFeed(*model, &spec.transform(), inputs);
  auto optimized = OptimizeForInference(
      WithInputLayer(*model, {{feed->data_blob, feed->image_shape, false}}, 1),
      {});
  Net::Options options;
  options.inference = true;
  options.fast_math = !exact;
  auto net = Net::Create(*optimized, options, MakeLayer);
  const int64_t images = ImagesPerPass(**net, kBatchSize);
  for (auto _ : state) {
    auto reader = OpenFeed(*feed, spec.dataset_id(), images);
    Tensor labels;
    for (int64_t i = 0; i < state.range(0) / images; ++i) {
      if (!(*reader)->Next(net->get(), &labels).ok() ||
          !(*net)->Forward().ok()) {
        state.SkipWithError("forward pass failed");
        return;
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
void BM_ForwardPasses(benchmark::State& state) { ForwardPasses(state, false); }
BENCHMARK(BM_ForwardPasses)->Arg(32)->Arg(96)->Unit(benchmark::kMillisecond);

void BM_ExactForwardPasses(benchmark::State& state) {
  ForwardPasses(state, true);
}
BENCHMARK(BM_ExactForwardPasses)
    ->Arg(32)
    ->Arg(96)
    ->Unit(benchmark::kMillisecond);

// The phases STATISTICS and THRESHOLDS of a calibration job.
void BM_Calibration(benchmark::State& state) {
  const std::string data = DataOrSkip(state);
  if (data.empty()) return;
  const v1::JobSpec spec = SqueezeNet(data, state.range(0));
  for (auto _ : state) {
    auto output = RunOnFiles(spec);
    if (!output.ok()) {
      state.SkipWithError(output.status().ToString().c_str());
      return;
    }
    double seconds = 0;
    for (const v1::PhaseTime& time : output->result.phase_times()) {
      if (time.phase() == "STATISTICS" || time.phase() == "THRESHOLDS") {
        seconds += time.seconds();
      }
    }
    state.SetIterationTime(seconds);
  }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_rss_MiB"] = usage.ru_maxrss / 1024.0;
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Calibration)
    ->Arg(32)
    ->Arg(96)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quantd::testing

BENCHMARK_MAIN();
