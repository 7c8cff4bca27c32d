// Whole nets of the zoo (tests/bench/nets): our forward pass, OpenCV's, and the
// net's convolutions and inner products alone, measured in turn.
//   net_benchmark [--nets=resnet50,...] [--batch=1,16] [--threads=1,2]
//                 [--seconds=2] [--layers] [--plain] [--no-opencv]
// --layers adds a table of layers; --plain runs the net without the inference
// optimisations. One thread is measured in CPU time of that thread, several in
// wall time; every figure is the least of its repetitions.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/core/threads.h"
#include "engine/graph/optimize_for_inference.h"
#include "engine/layers/registry.h"
#include "tests/bench/nets/random_weights.h"
#include "tests/bench/nets/zoo.h"
#include "tests/bench/opencv_net.h"
#include "tests/bench/peak_flops.h"
#include "tests/bench/primitive_times.h"
#include "tests/bench/stopwatch.h"

namespace quantd::testing {
namespace {

struct Arguments {
  std::vector<std::string> nets = ZooNames();
  std::vector<int> batches = {1, 16};
  std::vector<int> threads = {1, 2};
  double seconds = 2;
  bool layers = false;
  bool plain = false;
  bool opencv = true;
};

bool ParseInts(absl::string_view text, std::vector<int>* values) {
  values->clear();
  for (absl::string_view item : absl::StrSplit(text, ',')) {
    int value;
    if (!absl::SimpleAtoi(item, &value) || value < 1) return false;
    values->push_back(value);
  }
  return true;
}

bool ParseArgument(absl::string_view argument, Arguments* arguments) {
  if (argument == "--layers") return arguments->layers = true;
  if (argument == "--plain") return arguments->plain = true;
  if (argument == "--no-opencv") {
    arguments->opencv = false;
    return true;
  }
  if (absl::ConsumePrefix(&argument, "--nets=")) {
    arguments->nets = absl::StrSplit(argument, ',');
    return true;
  }
  if (absl::ConsumePrefix(&argument, "--batch=")) {
    return ParseInts(argument, &arguments->batches);
  }
  if (absl::ConsumePrefix(&argument, "--threads=")) {
    return ParseInts(argument, &arguments->threads);
  }
  return absl::ConsumePrefix(&argument, "--seconds=") &&
         absl::SimpleAtod(argument, &arguments->seconds);
}

// What is measured of one net and batch.
struct Subject {
  std::unique_ptr<Net> net;
  std::unique_ptr<OpenCvNet> opencv;  // Null if left out.
  std::vector<std::unique_ptr<LayerPrimitive>> primitives;
  std::vector<std::string> outputs;
};

struct Row {
  Times ours, opencv;
  std::vector<Times> primitives;
  std::vector<Times> layers;
};

absl::StatusOr<std::unique_ptr<Net>> MakeNet(const caffe::NetParameter& model,
                                             bool plain) {
  if (plain) return Net::Create(model, {}, MakeLayer);
  ASSIGN_OR_RETURN(const caffe::NetParameter optimized,
                   OptimizeForInference(model, {}));
  Net::Options options;
  options.inference = true;
  return Net::Create(optimized, options, MakeLayer);
}

void FillInput(Tensor* input) {
  uint32_t state = 1;
  for (float& value : input->values()) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 24) / 128 - 1;
  }
}

absl::StatusOr<Subject> Prepare(const std::string& name, int batch,
                                const Arguments& arguments) {
  ASSIGN_OR_RETURN(caffe::NetParameter model, ZooNet(name, batch));
  ASSIGN_OR_RETURN(model, WithRandomWeights(std::move(model)));
  Subject subject;
  ASSIGN_OR_RETURN(subject.net, MakeNet(model, arguments.plain));
  subject.outputs = subject.net->output_names();
  ASSIGN_OR_RETURN(Tensor * input, subject.net->MutableBlob("data"));
  FillInput(input);
  RETURN_IF_ERROR(subject.net->Forward());
  ASSIGN_OR_RETURN(subject.primitives, LayerPrimitives(*subject.net));
  if (!arguments.opencv) return subject;
  ASSIGN_OR_RETURN(subject.opencv, OpenCvNet::Create(model));
  RETURN_IF_ERROR(subject.opencv->SetInput("data", *input));
  return subject;
}

// The largest difference of outputs, relative to the largest value.
absl::StatusOr<double> Difference(const Subject& subject) {
  double worst = 0;
  for (size_t i = 0; i < subject.outputs.size(); ++i) {
    ASSIGN_OR_RETURN(const Tensor* ours, subject.net->Blob(subject.outputs[i]));
    const std::vector<float> theirs = subject.opencv->Output(i);
    if (static_cast<int64_t>(theirs.size()) != ours->num_elements()) return 1;
    double largest = 1e-30, difference = 0;
    for (size_t k = 0; k < theirs.size(); ++k) {
      const double value = ours->data()[k];
      largest = std::max(largest, std::abs(value));
      difference = std::max(difference, std::abs(value - theirs[k]));
    }
    worst = std::max(worst, difference / largest);
  }
  return worst;
}

absl::Status MeasureOnce(Subject* subject, bool cpu, Row* row) {
  double begin = NowMs(cpu);
  RETURN_IF_ERROR(subject->net->Forward());
  row->ours.ms.push_back(NowMs(cpu) - begin);
  for (size_t i = 0; i < subject->primitives.size(); ++i) {
    begin = NowMs(cpu);
    subject->primitives[i]->Run();
    row->primitives[i].ms.push_back(NowMs(cpu) - begin);
  }
  if (subject->opencv == nullptr) return absl::OkStatus();
  usleep(5000);  // Until our idle threads sleep.
  begin = NowMs(cpu);
  RETURN_IF_ERROR(subject->opencv->Forward(subject->outputs));
  row->opencv.ms.push_back(NowMs(cpu) - begin);
  return absl::OkStatus();
}

absl::Status MeasureLayers(Subject* subject, bool cpu, Row* row) {
  row->layers.resize(subject->net->num_layers());
  double begin = NowMs(cpu);
  return subject->net->Forward([&](int index) {
    const double end = NowMs(cpu);
    row->layers[index].ms.push_back(end - begin);
    begin = end;
    return absl::OkStatus();
  });
}

absl::StatusOr<Row> Measure(Subject* subject, int threads,
                            const Arguments& arguments) {
  const bool cpu = threads == 1;
  Row row;
  row.primitives.resize(subject->primitives.size());
  RETURN_IF_ERROR(MeasureOnce(subject, cpu, &row));  // Warms up.
  row = Row();
  row.primitives.resize(subject->primitives.size());
  const double begin = NowMs(false);
  int repetitions = 0;
  while (repetitions < 5 || NowMs(false) - begin < 1e3 * arguments.seconds) {
    RETURN_IF_ERROR(MeasureOnce(subject, cpu, &row));
    if (arguments.layers) RETURN_IF_ERROR(MeasureLayers(subject, cpu, &row));
    ++repetitions;
  }
  return row;
}

double SumOfPrimitives(const Row& row) {
  double sum = 0;
  for (const Times& times : row.primitives) sum += times.Min();
  return sum;
}

void PrintLayers(const Subject& subject, const Row& row) {
  std::printf("  %-40s %-14s %9s %9s\n", "layer", "type", "ours ms",
              "alone ms");
  for (int i = 0; i < subject.net->num_layers(); ++i) {
    const Layer& layer = subject.net->layer(i);
    std::printf("  %-40s %-14s %9.3f", layer.name().c_str(),
                layer.type().c_str(), row.layers[i].Min());
    for (size_t p = 0; p < subject.primitives.size(); ++p) {
      if (subject.primitives[p]->layer != layer.name()) continue;
      std::printf(" %9.3f", row.primitives[p].Min());
    }
    std::printf("\n");
  }
}

// Ratios to OpenCV, over all rows.
struct Summary {
  double log_sum = 0;
  double least = 1e30;
  int count = 0;
};

void PrintRow(const std::string& name, int batch, int threads,
              const Subject& subject, const Row& row, double peak_gflops,
              Summary* summary) {
  double flops = 0;
  for (const auto& primitive : subject.primitives) flops += primitive->flops;
  const double ours = row.ours.Min();
  const double primitives = SumOfPrimitives(row);
  std::printf("%-16s %5d %7d %9.2f %9.2f %9.2f %6.2f", name.c_str(), batch,
              threads, ours, row.ours.Median(), primitives, ours / primitives);
  std::printf(" %6.0f%% %6.0f%%", 1e-4 * flops / ours / peak_gflops,
              1e-4 * flops / primitives / peak_gflops);
  if (subject.opencv != nullptr) {
    const double ratio = row.opencv.Min() / ours;
    summary->log_sum += std::log(ratio);
    summary->least = std::min(summary->least, ratio);
    ++summary->count;
    std::printf(" %9.2f %6.2f", row.opencv.Min(), ratio);
    const auto difference = Difference(subject);
    if (difference.ok()) std::printf(" %9.1e", *difference);
  }
  std::printf("\n");
  std::fflush(stdout);
}

absl::Status MeasureNet(const std::string& name, int batch,
                        const Arguments& arguments,
                        const std::vector<double>& peaks, Summary* summary) {
  for (size_t i = 0; i < arguments.threads.size(); ++i) {
    const int threads = arguments.threads[i];
    // Before anything is made: oneDNN's primitives keep the number that they
    // were made with.
    SetNumThreads(threads);
    OpenCvNet::SetNumThreads(threads);
    ASSIGN_OR_RETURN(Subject subject, Prepare(name, batch, arguments));
    ASSIGN_OR_RETURN(const Row row, Measure(&subject, threads, arguments));
    PrintRow(name, batch, threads, subject, row, peaks[i], summary);
    if (arguments.layers) PrintLayers(subject, row);
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    if (ParseArgument(argv[i], &arguments)) continue;
    std::fprintf(stderr, "unknown argument %s; see the top of %s\n", argv[i],
                 "tests/bench/net_benchmark.cc");
    return 2;
  }
  if (OpenCvNet::Version().empty()) {
    std::printf("OpenCV: SKIPPED, built without libopencv-dnn-dev\n");
    arguments.opencv = false;
  } else {
    std::printf("OpenCV %s\n", OpenCvNet::Version().c_str());
  }
  std::vector<double> peaks;
  for (const int threads : arguments.threads) {
    peaks.push_back(PeakGflops(threads));
    std::printf("FMA peak, %d threads: %.0f GFLOP/s\n", threads, peaks.back());
  }
  std::printf("%-16s %5s %7s %9s %9s %9s %6s %7s %7s %9s %6s %9s\n", "net",
              "batch", "threads", "ours ms", "median", "alone ms", "ratio",
              "peak", "alone", "OpenCV ms", "ratio", "diff");
  Summary summary;
  for (const std::string& net : arguments.nets) {
    for (const int batch : arguments.batches) {
      const absl::Status status =
          MeasureNet(net, batch, arguments, peaks, &summary);
      if (status.ok()) continue;
      std::fprintf(stderr, "%s: %s\n", net.c_str(), status.ToString().c_str());
      return 1;
    }
  }
  if (summary.count > 0) {
    std::printf("OpenCV / ours: geometric mean %.2f, least %.2f\n",
                std::exp(summary.log_sum / summary.count), summary.least);
  }
  return 0;
}

}  // namespace
}  // namespace quantd::testing

int main(int argc, char** argv) { return quantd::testing::Main(argc, argv); }
