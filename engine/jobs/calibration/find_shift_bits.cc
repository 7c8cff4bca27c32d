#include "engine/jobs/calibration/find_shift_bits.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/jobs/calibration/weight_factors.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/quant/shift_search.h"

namespace quantd {
namespace {

// The search of one layer's shifts.
struct Watch {
  int layer_index = 0;  // In the net that runs.
  const Tensor* output = nullptr;
  ShiftSearch search;
};

// A convolution whose output is one pixel.
bool GivesOnePixel(const std::string& type, const Shape& output) {
  return type == "Convolution" && output.num_axes() == 4 && output[2] == 1 &&
         output[3] == 1;
}

// The values of (N, C, ...) by channel: (C, N, ...). As they are for one scale.
std::vector<float> ByChannel(const Tensor& output, size_t num_channels) {
  const absl::Span<const float> values = output.values();
  std::vector<float> sorted(values.begin(), values.end());
  if (num_channels == 1 || values.empty()) return sorted;
  const int64_t images = output.shape().LegacyDim(0);
  const int64_t inner = static_cast<int64_t>(values.size()) /
                        (images * static_cast<int64_t>(num_channels));
  auto to = sorted.begin();
  for (size_t c = 0; c < num_channels; ++c) {
    for (int64_t n = 0; n < images; ++n) {
      const int64_t from =
          (n * static_cast<int64_t>(num_channels) + static_cast<int64_t>(c)) *
          inner;
      to = std::copy_n(values.begin() + from, inner, to);
    }
  }
  return sorted;
}

class ShiftFinder {
 public:
  ShiftFinder(const QuantPlan& plan, const NetworkFeed& feed,
              const CalibrationData& data, PhaseTracker* tracker,
              PlanFactors* factors)
      : plan_(plan),
        feed_(feed),
        data_(data),
        tracker_(tracker),
        factors_(factors) {}

  absl::Status Find(caffe::NetParameter net);

 private:
  absl::Status MakeNet(caffe::NetParameter net,
                       const std::vector<InputShape>& inputs);
  // A watch per weight layer of the plan, in its order.
  absl::Status MakeWatches();
  absl::Status Observe(int layer_index);

  const QuantPlan& plan_;
  const NetworkFeed& feed_;
  const CalibrationData& data_;
  PhaseTracker* const tracker_;
  PlanFactors* const factors_;
  std::vector<std::string> outputs_;  // Blobs, as plan_.weights.
  std::unique_ptr<Net> net_;
  std::vector<Watch> watches_;
};

absl::Status ShiftFinder::MakeNet(caffe::NetParameter net,
                                  const std::vector<InputShape>& inputs) {
  for (const WeightLayer& layer : plan_.weights) {
    outputs_.push_back(net.layer(layer.layer_index).top(0));
  }
  ASSIGN_OR_RETURN(net_,
                   MakeCalibrationNet(std::move(net), inputs,
                                      {outputs_.begin(), outputs_.end()}));
  return absl::OkStatus();
}

absl::Status ShiftFinder::MakeWatches() {
  for (size_t i = 0; i < plan_.weights.size(); ++i) {
    const WeightLayer& layer = plan_.weights[i];
    ASSIGN_OR_RETURN(const int index, net_->LayerIndex(layer.layer));
    ASSIGN_OR_RETURN(const Tensor* output, net_->Blob(outputs_[i]));
    std::vector<float>& scale_w = factors_->weights[i].scale;
    const bool broadcast =
        scale_w.size() > 1 &&
        GivesOnePixel(net_->layer(index).type(), output->shape());
    if (broadcast) {
      std::fill(scale_w.begin(), scale_w.end(),
                *std::max_element(scale_w.begin(), scale_w.end()));
    }
    float scale_d = 1;
    for (size_t b = 0; b < plan_.blobs.size(); ++b) {
      for (const BlobConsumer& consumer : plan_.blobs[b].consumers) {
        if (consumer.layer != layer.layer) continue;
        scale_d = factors_->blobs[b].ifmr.scale;
      }
    }
    std::vector<float> scales;
    scales.reserve(scale_w.size());
    for (const float scale : scale_w) scales.push_back(scale_d * scale);
    ASSIGN_OR_RETURN(ShiftSearch search,
                     ShiftSearch::Create(std::move(scales), broadcast));
    watches_.push_back({index, output, std::move(search)});
  }
  return absl::OkStatus();
}

absl::Status ShiftFinder::Observe(int layer_index) {
  for (size_t i = 0; i < watches_.size(); ++i) {
    Watch& watch = watches_[i];
    if (watch.layer_index != layer_index) continue;
    const absl::Status added = watch.search.Add(
        ByChannel(*watch.output, factors_->weights[i].scale.size()));
    if (added.ok()) continue;
    const std::string& layer = plan_.weights[i].layer;
    return Annotate(added, absl::StrCat("layer \"", layer, "\": "),
                    {{"layer", layer}, {"blob", outputs_[i]}});
  }
  return absl::OkStatus();
}

absl::Status ShiftFinder::Find(caffe::NetParameter net) {
  ASSIGN_OR_RETURN(auto reader, OpenFeed(feed_, data_.lmdb_path, 1));
  RETURN_IF_ERROR(FakeQuantizeNet(plan_, factors_->weights, &net));
  RETURN_IF_ERROR(MakeNet(std::move(net), reader->inputs()));
  RETURN_IF_ERROR(MakeWatches());
  tracker_->Begin("STATISTICS", data_.batch_num);
  RETURN_IF_ERROR(RunCalibrationPasses(
      data_, reader.get(), net_.get(), tracker_,
      [](int64_t) { return absl::OkStatus(); },
      [this](int index) { return Observe(index); }));
  factors_->shift_bits.clear();
  for (const Watch& watch : watches_) {
    const std::vector<int> best = watch.search.Best();
    factors_->shift_bits.emplace_back(best.begin(), best.end());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status FindShiftBits(const QuantPlan& plan, caffe::NetParameter net,
                           const NetworkFeed& feed, const CalibrationData& data,
                           PhaseTracker* tracker, PlanFactors* factors) {
  return ShiftFinder(plan, feed, data, tracker, factors).Find(std::move(net));
}

}  // namespace quantd
