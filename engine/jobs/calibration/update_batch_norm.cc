#include "engine/jobs/calibration/update_batch_norm.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/graph/drop_tail.h"
#include "engine/graph/reuse_blobs.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/layers/registry.h"

namespace quantd {
namespace {

bool IsBatchNorm(const caffe::LayerParameter& layer) {
  return layer.type() == "BatchNorm";
}

// Of one BatchNorm, by channel. Empty where its factor is 0: it has none yet.
struct Statistics {
  std::vector<double> mean;
  std::vector<double> variance;
};

// By name of the layer.
using AllStatistics = std::map<std::string, Statistics>;

absl::Status NotFinite(const caffe::LayerParameter& layer, int64_t channel) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "ACTIVATION_NOT_FINITE",
      absl::StrCat("layer \"", layer.name(), "\" (BatchNorm), channel ",
                   channel,
                   ": the statistics are not finite; check the calibration "
                   "data, the preprocessing options and the weights"),
      {{"layer", layer.name()},
       {"blob", layer.bottom(0)},
       {"channel", absl::StrCat(channel)}});
}

absl::StatusOr<Statistics> StatisticsOf(const Layer& layer) {
  const float* const mean = layer.blobs()[0].data();
  const float* const variance = layer.blobs()[1].data();
  const double factor = layer.blobs()[2].data()[0];
  Statistics result;
  if (factor == 0) return result;
  for (int64_t c = 0; c < layer.blobs()[0].num_elements(); ++c) {
    result.mean.push_back(mean[c] / factor);
    result.variance.push_back(variance[c] / factor);
    if (!std::isfinite(result.mean.back() + result.variance.back())) {
      return NotFinite(layer.param(), c);
    }
  }
  return result;
}

absl::StatusOr<AllStatistics> StatisticsOf(const Net& net) {
  AllStatistics result;
  for (int i = 0; i < net.num_layers(); ++i) {
    const caffe::LayerParameter& param = net.layer(i).param();
    if (!IsBatchNorm(param)) continue;
    ASSIGN_OR_RETURN(result[param.name()], StatisticsOf(net.layer(i)));
  }
  return result;
}

struct Measurement {
  AllStatistics before;
  AllStatistics after;
};

// Runs one net over the calibration batches.
class Measurer {
 public:
  Measurer(const BnUpdateConfig& config, const NetworkFeed& feed,
           const CalibrationData& data, PhaseTracker* tracker)
      : config_(config), feed_(feed), data_(data), tracker_(tracker) {}

  absl::StatusOr<Measurement> Measure(const caffe::NetParameter& net);

 private:
  absl::StatusOr<std::unique_ptr<Net>> MakeNet(
      const caffe::NetParameter& net,
      const std::vector<InputShape>& inputs) const;
  absl::Status Run(std::unique_ptr<FeedReader> reader, Net* net);

  const BnUpdateConfig& config_;
  const NetworkFeed& feed_;
  const CalibrationData& data_;
  PhaseTracker* const tracker_;
  int64_t num_passes_ = 0;  // Of all nets.
};

absl::StatusOr<Measurement> Measurer::Measure(const caffe::NetParameter& net) {
  ASSIGN_OR_RETURN(auto reader,
                   OpenFeed(feed_, data_.lmdb_path, data_.batch_size));
  ASSIGN_OR_RETURN(const auto running, MakeNet(net, reader->inputs()));
  Measurement result;
  ASSIGN_OR_RETURN(result.before, StatisticsOf(*running));
  RETURN_IF_ERROR(Run(std::move(reader), running.get()));
  ASSIGN_OR_RETURN(result.after, StatisticsOf(*running));
  return result;
}

absl::StatusOr<std::unique_ptr<Net>> Measurer::MakeNet(
    const caffe::NetParameter& net,
    const std::vector<InputShape>& inputs) const {
  ASSIGN_OR_RETURN(caffe::NetParameter runnable,
                   DropTail(WithInputLayer(WithBatchStatistics(net, config_),
                                           inputs, data_.batch_size)));
  Net::Options options;
  options.inference = true;
  options.fast_math = false;
  return Net::Create(ReuseBlobs(std::move(runnable), {}), options, MakeLayer);
}

absl::Status Measurer::Run(std::unique_ptr<FeedReader> reader, Net* net) {
  const auto after_layer = [this](int) { return tracker_->CheckCancelled(); };
  Tensor labels;
  for (int64_t pass = 0; pass < config_.iterations; ++pass) {
    if (pass > 0 && pass % data_.batch_num == 0) {
      ASSIGN_OR_RETURN(reader,
                       OpenFeed(feed_, data_.lmdb_path, data_.batch_size));
    }
    ASSIGN_OR_RETURN(const int64_t count, reader->Next(net, &labels));
    RETURN_IF_ERROR(net->Forward(after_layer));
    tracker_->Advance(++num_passes_, count);
  }
  return absl::OkStatus();
}

// What the layer has once its change is added to what it had.
Statistics Updated(const Statistics& trained, const Statistics& reference,
                   const Statistics& quantized, double eps) {
  if (trained.mean.empty()) return quantized;
  Statistics result = trained;
  for (size_t c = 0; c < trained.mean.size(); ++c) {
    result.mean[c] += quantized.mean[c] - reference.mean[c];
    const double ratio =
        (quantized.variance[c] + eps) / (reference.variance[c] + eps);
    result.variance[c] =
        std::max(0.0, (trained.variance[c] + eps) * ratio - eps);
  }
  return result;
}

void AddBlob(const std::vector<double>& values, caffe::LayerParameter* layer) {
  caffe::BlobProto* blob = layer->add_blobs();
  blob->mutable_shape()->add_dim(static_cast<int64_t>(values.size()));
  for (const double value : values) blob->add_data(static_cast<float>(value));
}

}  // namespace

caffe::NetParameter WithBatchStatistics(caffe::NetParameter net,
                                        const BnUpdateConfig& config) {
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    if (!IsBatchNorm(layer)) continue;
    caffe::BatchNormParameter* param = layer.mutable_batch_norm_param();
    param->set_use_global_stats(false);
    if (!param->has_moving_average_fraction()) {
      param->set_moving_average_fraction(config.moving_average_fraction);
    }
  }
  return net;
}

absl::Status UpdateBatchNorm(const caffe::NetParameter& original,
                             const BnUpdateConfig& config,
                             const NetworkFeed& feed,
                             const CalibrationData& data, PhaseTracker* tracker,
                             caffe::NetParameter* net) {
  Measurer measurer(config, feed, data, tracker);
  tracker->Begin("BATCHNORM", int64_t{2} * config.iterations);
  ASSIGN_OR_RETURN(Measurement reference, measurer.Measure(original));
  ASSIGN_OR_RETURN(Measurement quantized, measurer.Measure(*net));
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    // What DropTail() took away was not measured.
    if (quantized.after.count(layer.name()) == 0) continue;
    const Statistics& trained = reference.before[layer.name()];
    const Statistics& floats = reference.after[layer.name()];
    const Statistics& integers = quantized.after[layer.name()];
    // The moving average of a negative factor can end at 0.
    if (floats.mean.empty() || integers.mean.empty()) {
      return NotFinite(layer, 0);
    }
    const Statistics updated =
        Updated(trained, floats, integers, layer.batch_norm_param().eps());
    layer.clear_blobs();
    AddBlob(updated.mean, &layer);
    AddBlob(updated.variance, &layer);
    AddBlob({1}, &layer);
  }
  return absl::OkStatus();
}

}  // namespace quantd
