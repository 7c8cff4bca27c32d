#include "engine/jobs/calibrate.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/status_macros.h"
#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/config/read_quant_config.h"
#include "engine/core/net.h"
#include "engine/export/export.h"
#include "engine/graph/drop_tail.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/graph/reuse_blobs.h"
#include "engine/graph/uninplace.h"
#include "engine/jobs/accuracy.h"
#include "engine/jobs/blob_observers.h"
#include "engine/jobs/factor_records.h"
#include "engine/jobs/fusion_check.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/network_feed.h"
#include "engine/jobs/output_prefix.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/jobs/weight_factors.h"
#include "engine/layers/registry.h"
#include "engine/model/load_model.h"

namespace quantd {
namespace {

constexpr int64_t kDefaultBatchSize = 16;
// AMCT's guide: 16 or 32 images are enough.
constexpr int64_t kDefaultNumImages = 32;

// One calibration job; its phases fill it from top to bottom.
class Calibration {
 public:
  Calibration(const v1::CalibrateSpec& spec, const JobInputs& inputs,
              JobMonitor* monitor)
      : spec_(spec), inputs_(inputs), tracker_(monitor) {}

  absl::StatusOr<JobOutput> Run();

 private:
  absl::Status Load();
  absl::Status Transform();
  absl::Status CollectStatistics();
  absl::Status RunBatches(BatchReader* reader, Net* net,
                          BlobObservers* observers);
  absl::Status Emit();
  absl::Status Evaluate();

  int64_t BatchSize() const;
  absl::Status ChooseBatches(int64_t num_records);
  absl::Status ReportAllZero();
  absl::StatusOr<v1::Accuracy> AccuracyOf(const caffe::NetParameter& net,
                                          const std::string& path);
  absl::StatusOr<caffe::NetParameter> ReadFakeQuantModel() const;

  const v1::CalibrateSpec& spec_;
  const JobInputs& inputs_;
  PhaseTracker tracker_;

  caffe::NetParameter model_;     // As loaded.
  caffe::NetParameter original_;  // Without in-place layers.
  NetworkFeed feed_;
  QuantConfig config_;
  FusedNet fused_;
  QuantPlan plan_;
  PlanFactors factors_;
  JobOutput output_;
};

absl::StatusOr<JobOutput> Calibration::Run() {
  tracker_.Begin("LOAD");
  RETURN_IF_ERROR(Load());
  RETURN_IF_ERROR(tracker_.CheckCancelled());
  tracker_.Begin("TRANSFORM");
  RETURN_IF_ERROR(Transform());
  RETURN_IF_ERROR(CollectStatistics());
  tracker_.Begin("EMIT");
  RETURN_IF_ERROR(Emit());
  if (!spec_.eval_dataset_id().empty()) RETURN_IF_ERROR(Evaluate());
  tracker_.End();
  output_.result.mutable_phase_times()->Assign(tracker_.phase_times().begin(),
                                               tracker_.phase_times().end());
  return std::move(output_);
}

absl::Status Calibration::Load() {
  ASSIGN_OR_RETURN(model_,
                   ReadJobModel(spec_.model(), inputs_, tracker_.monitor()));
  ASSIGN_OR_RETURN(
      feed_,
      FindFeed(model_, spec_.has_transform() ? &spec_.transform() : nullptr,
               inputs_));
  WarnOfMirror(feed_.transform, tracker_.monitor());
  if (!spec_.has_config()) {
    ASSIGN_OR_RETURN(config_, DefaultQuantConfig(model_));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string text, inputs_.read_blob(spec_.config()));
  ASSIGN_OR_RETURN(config_,
                   ReadQuantConfig(text, spec_.config().file_name(), model_));
  return absl::OkStatus();
}

absl::Status Calibration::Transform() {
  ASSIGN_OR_RETURN(original_, Uninplace(model_));
  FusionOptions fusion;
  fusion.do_fusion = config_.do_fusion;
  fusion.skip_fusion_layers = config_.skip_fusion_layers;
  ASSIGN_OR_RETURN(fused_, FuseBatchNorm(original_, fusion));
  ASSIGN_OR_RETURN(plan_, MakeQuantPlan(fused_.net, config_));
  for (const Warning& warning : plan_.warnings) {
    Warn(warning.reason, warning.message, tracker_.monitor());
  }
  ASSIGN_OR_RETURN(factors_.weights, FindWeightFactors(fused_.net, plan_));
  tracker_.monitor()->OnLog(absl::StrCat("quantizing ", plan_.weights.size(),
                                         " layers' weights and ",
                                         plan_.blobs.size(), " blobs"));
  return absl::OkStatus();
}

int64_t Calibration::BatchSize() const {
  if (spec_.batch_size() > 0) return spec_.batch_size();
  return feed_.batch_size > 0 ? feed_.batch_size : kDefaultBatchSize;
}

absl::Status Calibration::ChooseBatches(int64_t num_records) {
  const int64_t batch_size = BatchSize();
  if (spec_.batch_num() > 0) {
    config_.batch_num = spec_.batch_num();
  } else if (!spec_.has_config()) {
    const int64_t images = std::min(kDefaultNumImages, num_records);
    config_.batch_num = std::max<int64_t>(1, images / batch_size);
  }
  const int64_t wanted = batch_size * config_.batch_num;
  if (num_records >= wanted) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_TOO_SMALL",
               absl::StrCat("the calibration data set has ", num_records,
                            " records, but batch_num ", config_.batch_num,
                            " of batch_size ", batch_size, " needs ", wanted,
                            "; lower one of them or add records"),
               {{"expected", absl::StrCat(wanted)},
                {"found", absl::StrCat(num_records)},
                {"field", "batch_num"}});
}

absl::Status Calibration::CollectStatistics() {
  ASSIGN_OR_RETURN(const std::string path,
                   DatasetPath(inputs_, spec_.dataset_id()));
  ASSIGN_OR_RETURN(auto reader, OpenFeed(feed_, path, 1));
  RETURN_IF_ERROR(ChooseBatches(reader->num_records()));
  RETURN_IF_ERROR(CheckFusion(original_, fused_, feed_, path));
  ASSIGN_OR_RETURN(
      caffe::NetParameter weighted,
      DropTail(WithInputLayer(fused_.net, feed_, 1, reader->image_shape())));
  RETURN_IF_ERROR(FakeQuantizeNet(plan_, factors_.weights, &weighted));
  Net::Options options;
  options.inference = true;
  options.fast_math = false;  // Thresholds are compared to 1e-5.
  for (const QuantizedBlob& blob : plan_.blobs) {
    options.watch_blobs.insert(blob.blob);
  }
  ASSIGN_OR_RETURN(auto net, Net::Create(ReuseBlobs(std::move(weighted),
                                                    options.watch_blobs),
                                         options, MakeLayer));
  RETURN_IF_ERROR(reader->SetBatchSize(ImagesPerPass(*net, BatchSize())));
  ASSIGN_OR_RETURN(
      auto observers,
      BlobObservers::Create(plan_, *net, BatchSize() * config_.batch_num));
  tracker_.Begin("STATISTICS", config_.batch_num);
  RETURN_IF_ERROR(RunBatches(reader.get(), net.get(), observers.get()));
  tracker_.Begin("THRESHOLDS");
  ASSIGN_OR_RETURN(factors_.blobs, observers->Finish());
  return ReportAllZero();
}

absl::Status Calibration::RunBatches(BatchReader* reader, Net* net,
                                     BlobObservers* observers) {
  const auto after_layer = [this, observers](int index) -> absl::Status {
    RETURN_IF_ERROR(tracker_.CheckCancelled());
    return observers->Observe(index);
  };
  Tensor labels;
  const int64_t num_images = BatchSize() * config_.batch_num;
  for (int64_t done = 0; done < num_images;) {
    if (done % BatchSize() == 0) {
      QUANTD_FAILPOINT("jobs/calibration_batch");
    }
    ASSIGN_OR_RETURN(const int64_t count,
                     FeedBatch(feed_, reader, net, &labels));
    RETURN_IF_ERROR(net->Forward(after_layer));
    done += count;
    tracker_.Advance(done / BatchSize(), count);
    tracker_.monitor()->OnImages(count);
  }
  return absl::OkStatus();
}

absl::Status Calibration::ReportAllZero() {
  for (size_t i = 0; i < plan_.blobs.size(); ++i) {
    if (!factors_.blobs[i].ifmr.all_zero) continue;
    const std::string& layer = plan_.blobs[i].consumers.front().layer;
    const std::string message = absl::StrCat(
        "layer \"", layer, "\", input \"", plan_.blobs[i].blob,
        "\": all values were zero in calibration, so its scale is 1.0; check "
        "the preprocessing options and the calibration data");
    if (spec_.strict()) {
      return Error(absl::StatusCode::kFailedPrecondition, "ACTIVATION_ALL_ZERO",
                   message, {{"layer", layer}, {"blob", plan_.blobs[i].blob}});
    }
    Warn("ACTIVATION_ALL_ZERO", message, tracker_.monitor());
  }
  return absl::OkStatus();
}

absl::Status Calibration::Emit() {
  const amct::ScaleOffsetRecord record =
      MakeRecord(fused_.net, plan_, factors_);
  output_.records = MakeLayerRecords(fused_.net, plan_, factors_);
  ASSIGN_OR_RETURN(
      std::vector<ExportedFile> files,
      ExportSs928(
          {fused_.net, original_, fused_.report, config_, plan_, record,
           OutputPrefix(spec_.name(), spec_.model().prototxt().file_name())}));
  for (ExportedFile& file : files) {
    output_.files.push_back({std::move(file.name), std::move(file.contents)});
  }
  int64_t quantized = 0;
  for (const v1::LayerRecord& row : output_.records) {
    quantized += row.quantized();
  }
  output_.result.set_num_layers_quantized(quantized);
  output_.result.set_num_layers_float(
      static_cast<int64_t>(output_.records.size()) - quantized);
  return tracker_.CheckCancelled();
}

absl::StatusOr<caffe::NetParameter> Calibration::ReadFakeQuantModel() const {
  std::string prototxt, weights;
  for (const OutputFile& file : output_.files) {
    if (absl::EndsWith(file.name, "_fake_quant_model.prototxt")) {
      prototxt = file.contents;
    } else if (absl::EndsWith(file.name, "_fake_quant_weights.caffemodel")) {
      weights = file.contents;
    }
  }
  ASSIGN_OR_RETURN(LoadedModel loaded,
                   LoadModel(prototxt, "fake_quant_model.prototxt", weights,
                             "fake_quant_weights.caffemodel"));
  return std::move(loaded.net);
}

absl::StatusOr<v1::Accuracy> Calibration::AccuracyOf(
    const caffe::NetParameter& net, const std::string& path) {
  AccuracyOptions options;
  options.lmdb_path = path;
  options.batch_size = BatchSize();
  return MeasureAccuracy(net, feed_, options, &tracker_);
}

absl::Status Calibration::Evaluate() {
  tracker_.Begin("EVALUATE");
  ASSIGN_OR_RETURN(const std::string path,
                   DatasetPath(inputs_, spec_.eval_dataset_id()));
  ASSIGN_OR_RETURN(*output_.result.mutable_float_accuracy(),
                   AccuracyOf(model_, path));
  // What the user gets is what is measured: the written files, read again.
  ASSIGN_OR_RETURN(const caffe::NetParameter fake, ReadFakeQuantModel());
  ASSIGN_OR_RETURN(*output_.result.mutable_quantized_accuracy(),
                   AccuracyOf(fake, path));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JobOutput> RunCalibrate(const v1::CalibrateSpec& spec,
                                       const JobInputs& inputs,
                                       JobMonitor* monitor) {
  return Calibration(spec, inputs, monitor).Run();
}

}  // namespace quantd
