#include "engine/jobs/calibrate.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/config/read_quant_config.h"
#include "engine/core/net.h"
#include "engine/export/export.h"
#include "engine/jobs/accuracy/evaluator.h"
#include "engine/jobs/calibration/blob_observers.h"
#include "engine/jobs/calibration/bn_updated_model.h"
#include "engine/jobs/calibration/calibration_passes.h"
#include "engine/jobs/calibration/calibration_report.h"
#include "engine/jobs/calibration/depthwise_convs.h"
#include "engine/jobs/calibration/factor_records.h"
#include "engine/jobs/calibration/find_shift_bits.h"
#include "engine/jobs/calibration/fusion_check.h"
#include "engine/jobs/calibration/intermediate_files.h"
#include "engine/jobs/calibration/quantized_model.h"
#include "engine/jobs/calibration/weight_factors.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/feed/input_survey.h"
#include "engine/jobs/feed/net_inputs.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/output_prefix.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/jobs/warning_collector.h"
#include "engine/model/float_model.h"
#include "engine/model/load_model.h"

namespace quantd {
namespace {

// AMCT's guide: 16 or 32 images are enough.
constexpr int64_t kDefaultNumImages = 32;

void Append(std::vector<ExportedFile> files, std::vector<ExportedFile>* all) {
  for (ExportedFile& file : files) all->push_back(std::move(file));
}

// One calibration job; its phases fill it from top to bottom.
class Calibration {
 public:
  Calibration(const v1::CalibrateSpec& spec, const JobInputs& inputs,
              JobMonitor* monitor)
      : spec_(spec),
        inputs_(inputs),
        warnings_(monitor),
        tracker_(&warnings_) {}

  absl::StatusOr<JobOutput> Run();

 private:
  absl::Status Load();
  absl::Status Transform();
  // The fused net with quantized weights, turned back.
  absl::StatusOr<caffe::NetParameter> QuantizeWeights(const std::string& path);
  void AddWeightReports(const QuantPlan& plan,
                        const caffe::NetParameter& floats,
                        const caffe::NetParameter& fake);
  absl::Status UpdateBn(const std::string& path);
  absl::Status CollectStatistics();
  absl::Status SearchShiftBits();
  absl::Status Emit();
  absl::Status Evaluate();
  absl::Status AddReport();

  int64_t BatchSize() const;
  CalibrationData Data(const std::string& path) const {
    return {path, BatchSize(), config_.batch_num};
  }
  absl::Status ChooseBatches(int64_t num_records);
  absl::Status ReportAllZero();
  absl::StatusOr<caffe::NetParameter> ReadFakeQuantModel() const;

  const v1::CalibrateSpec& spec_;
  const JobInputs& inputs_;
  WarningCollector warnings_;
  PhaseTracker tracker_;

  caffe::NetParameter model_;  // As loaded.
  NetworkFeed feed_;
  absl::optional<Evaluator> evaluator_;  // With an evaluation data set.
  QuantConfig config_;
  QuantizedModel quantized_;
  PlanFactors factors_;
  InputSurvey survey_;  // Of the calibration's images.
  v1::CalibrationReport report_;
  std::vector<ExportedFile> files_;
  std::vector<ExportedFile> intermediate_;
  JobOutput output_;
};

absl::StatusOr<JobOutput> Calibration::Run() {
  tracker_.Begin("LOAD");
  RETURN_IF_ERROR(Load());
  RETURN_IF_ERROR(tracker_.CheckCancelled());
  tracker_.Begin("TRANSFORM");
  RETURN_IF_ERROR(Transform());
  RETURN_IF_ERROR(CollectStatistics());
  if (spec_.search_shift_bit()) RETURN_IF_ERROR(SearchShiftBits());
  tracker_.Begin("EMIT");
  RETURN_IF_ERROR(Emit());
  if (evaluator_.has_value()) RETURN_IF_ERROR(Evaluate());
  for (ExportedFile& file : files_) {
    if (!IsSaved(file.group, spec_.save())) continue;
    output_.files.push_back({std::move(file.name), std::move(file.contents)});
  }
  for (ExportedFile& file : intermediate_) {
    output_.files.push_back({std::move(file.name), std::move(file.contents)});
  }
  RETURN_IF_ERROR(AddReport());
  tracker_.Finish(&output_.result);
  return std::move(output_);
}

absl::Status Calibration::Load() {
  ASSIGN_OR_RETURN(model_,
                   ReadJobModel(spec_.model(), inputs_, tracker_.monitor()));
  RETURN_IF_ERROR(CheckFloatModel(model_));
  ASSIGN_OR_RETURN(
      feed_,
      FindFeed(model_, spec_.has_transform() ? &spec_.transform() : nullptr,
               inputs_));
  WarnOfMirror(feed_.transform, tracker_.monitor());
  if (!spec_.eval_dataset_id().empty()) {
    ASSIGN_OR_RETURN(const std::string path,
                     DatasetPath(inputs_, spec_.eval_dataset_id()));
    ASSIGN_OR_RETURN(const auto reader, OpenFeed(feed_, path, 1));
    ASSIGN_OR_RETURN(
        evaluator_,
        Evaluator::Create(model_,
                          spec_.has_detection() ? &spec_.detection() : nullptr,
                          inputs_, reader->num_records()));
  }
  if (!spec_.has_config()) {
    ASSIGN_OR_RETURN(config_,
                     DefaultQuantConfig(model_, TargetOf(spec_.target())));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string text, inputs_.read_blob(spec_.config()));
  ASSIGN_OR_RETURN(config_, ReadQuantConfig(text, spec_.config().file_name(),
                                            model_, TargetOf(spec_.target())));
  return absl::OkStatus();
}

absl::Status Calibration::Transform() {
  ASSIGN_OR_RETURN(quantized_, FuseModel(model_, config_));
  QuantConfig config = config_;
  if (HasLayersToAccelerate(config_, quantized_.fused.net)) {
    ASSIGN_OR_RETURN(const std::string path,
                     DatasetPath(inputs_, spec_.dataset_id()));
    ASSIGN_OR_RETURN(const auto reader, OpenFeed(feed_, path, 1));
    ASSIGN_OR_RETURN(config, AccelerateEnabled(config_, reader->inputs(),
                                               &quantized_.fused));
  }
  ASSIGN_OR_RETURN(quantized_.plan,
                   MakeQuantPlan(quantized_.fused.net, config));
  ReportPlan(quantized_.plan, tracker_.monitor());
  if (spec_.strict()) RETURN_IF_ERROR(CheckStrictly(quantized_.plan));
  return absl::OkStatus();
}

absl::StatusOr<caffe::NetParameter> Calibration::QuantizeWeights(
    const std::string& path) {
  const QuantPlan& plan = quantized_.plan;
  caffe::NetParameter& net = quantized_.fused.net;
  if (config_.update_bn) {
    RETURN_IF_ERROR(UpdateBn(path));
    caffe::NetParameter fake = net;
    RETURN_IF_ERROR(FakeQuantizeNet(plan, factors_.weights, &fake));
    return fake;
  }
  RETURN_IF_ERROR(
      CheckFusion(quantized_.original, quantized_.fused, feed_, path));
  caffe::NetParameter fake = net;
  std::vector<Warning> warnings;
  ASSIGN_OR_RETURN(factors_.weights, FindWeightFactors(plan, &fake, &warnings));
  WarnOfAll(warnings, tracker_.monitor());
  RETURN_IF_ERROR(FakeQuantizeNet(plan, factors_.weights, &fake));
  AddWeightReports(plan, net, fake);
  // What is clustered is exported as it is now.
  for (const WeightLayer& layer : plan.weights) {
    if (layer.params.wts_algo != WeightAlgorithm::kSnq) continue;
    *net.mutable_layer(layer.layer_index)->mutable_blobs(0) =
        fake.layer(layer.layer_index).blobs(0);
  }
  return fake;
}

void Calibration::AddWeightReports(const QuantPlan& plan,
                                   const caffe::NetParameter& floats,
                                   const caffe::NetParameter& fake) {
  for (v1::WeightReport& row : DescribeWeights(plan, factors_, floats, fake)) {
    *report_.add_weights() = std::move(row);
  }
}

absl::Status Calibration::UpdateBn(const std::string& path) {
  ASSIGN_OR_RETURN(
      BnUpdatedModel updated,
      QuantizeWithBnUpdate(quantized_, config_, feed_, Data(path), &tracker_));
  WarnOfAll(updated.warnings, tracker_.monitor());
  intermediate_.push_back(
      {FileGroup::kChoices, kRecordFile,
       RecordTextFor(WeightRecord(quantized_.plan, updated.unfused_weights),
                     config_.target)});
  factors_.weights = std::move(updated.weights);
  AddWeightReports(updated.unfused_plan, quantized_.original, updated.unfused);
  if (spec_.keep_intermediate()) {
    ASSIGN_OR_RETURN(std::vector<ExportedFile> files,
                     BnUpdateFiles(config_, std::move(updated.unfused)));
    Append(std::move(files), &intermediate_);
  }
  quantized_.fused = std::move(updated.fused);
  return absl::OkStatus();
}

int64_t Calibration::BatchSize() const {
  return BatchSizeOf(feed_, spec_.batch_size());
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
  // The axis that inputs have before those of a record is no batch there.
  if (HoldsWholeInputs(reader->inputs())) feed_.batch_size = 1;
  RETURN_IF_ERROR(ChooseBatches(reader->num_records()));
  ASSIGN_OR_RETURN(caffe::NetParameter fake, QuantizeWeights(path));
  if (spec_.keep_intermediate()) {
    ASSIGN_OR_RETURN(std::vector<ExportedFile> files,
                     CalibratedModelFiles(config_, quantized_.plan, fake));
    Append(std::move(files), &intermediate_);
  }
  std::set<std::string> watched;
  for (const QuantizedBlob& blob : quantized_.plan.blobs) {
    watched.insert(blob.blob);
  }
  ASSIGN_OR_RETURN(
      auto net, MakeCalibrationNet(std::move(fake), reader->inputs(), watched));
  const CalibrationData data = Data(path);
  ASSIGN_OR_RETURN(auto observers, BlobObservers::Create(quantized_.plan, *net,
                                                         data.num_images()));
  tracker_.Begin("STATISTICS", data.batch_num);
  RETURN_IF_ERROR(RunCalibrationPasses(
      data, reader.get(), net.get(), &tracker_,
      [&](int64_t count) -> absl::Status {
        ASSIGN_OR_RETURN(const std::vector<const Tensor*> inputs,
                         BlobsOf(*net, reader->inputs()));
        survey_.Add(inputs, count);
        tracker_.monitor()->OnImages(count);
        return absl::OkStatus();
      },
      [&](int index) { return observers->Observe(index); }));
  tracker_.Begin("THRESHOLDS");
  ASSIGN_OR_RETURN(factors_.blobs, observers->Finish());
  *report_.mutable_input() = DescribeInput(feed_, *reader, survey_);
  report_.mutable_input()->set_num_records(reader->num_records());
  report_.mutable_input()->set_batch_size(BatchSize());
  return ReportAllZero();
}

absl::Status Calibration::ReportAllZero() {
  for (size_t i = 0; i < quantized_.plan.blobs.size(); ++i) {
    if (!factors_.blobs[i].ifmr.all_zero) continue;
    const std::string& layer = quantized_.plan.blobs[i].consumers.front().layer;
    const std::string message = absl::StrCat(
        "layer \"", layer, "\", input \"", quantized_.plan.blobs[i].blob,
        "\": all values were zero in calibration, so its scale is 1.0; check "
        "the preprocessing options and the calibration data");
    if (spec_.strict()) {
      return Error(absl::StatusCode::kFailedPrecondition, "ACTIVATION_ALL_ZERO",
                   message,
                   {{"layer", layer}, {"blob", quantized_.plan.blobs[i].blob}});
    }
    Warn("ACTIVATION_ALL_ZERO", message, tracker_.monitor());
  }
  return absl::OkStatus();
}

absl::Status Calibration::SearchShiftBits() {
  ASSIGN_OR_RETURN(const std::string path,
                   DatasetPath(inputs_, spec_.dataset_id()));
  return FindShiftBits(quantized_.plan, quantized_.fused.net, feed_, Data(path),
                       &tracker_, &factors_);
}

absl::Status Calibration::Emit() {
  const caffe::NetParameter& net = quantized_.fused.net;
  AddRecords(MakeLayerRecords(net, quantized_.plan, factors_), &output_);
  amct::ScaleOffsetRecord record = MakeRecord(net, quantized_.plan, factors_);
  AddSkipFusion(net, config_, &record);
  ASSIGN_OR_RETURN(
      files_, ExportModel(quantized_, config_, record,
                          OutputPrefix(spec_.name(),
                                       spec_.model().prototxt().file_name())));
  return tracker_.CheckCancelled();
}

absl::StatusOr<caffe::NetParameter> Calibration::ReadFakeQuantModel() const {
  std::string prototxt, weights;
  for (const ExportedFile& file : files_) {
    if (file.group != FileGroup::kFakeQuant) continue;
    const bool is_text = absl::EndsWith(file.name, ".prototxt");
    (is_text ? prototxt : weights) = file.contents;
  }
  ASSIGN_OR_RETURN(LoadedModel loaded,
                   LoadModel(prototxt, "fake_quant_model.prototxt", weights,
                             "fake_quant_weights.caffemodel"));
  return std::move(loaded.net);
}

absl::Status Calibration::Evaluate() {
  tracker_.Begin("EVALUATE");
  ASSIGN_OR_RETURN(const std::string path,
                   DatasetPath(inputs_, spec_.eval_dataset_id()));
  InputSurvey survey;
  EvaluationData data{path, BatchSize(), /*max_records=*/0, &survey};
  RETURN_IF_ERROR(
      evaluator_->Evaluate(model_, feed_, data, &tracker_, &output_.result));
  report_.set_num_evaluated_in_calibration(survey.CountSharedWith(survey_));
  // What the user gets is what is measured: the written files, read again.
  ASSIGN_OR_RETURN(caffe::NetParameter fake, ReadFakeQuantModel());
  data.survey = nullptr;
  return evaluator_->EvaluateQuantized(std::move(fake), feed_, data, &tracker_,
                                       &output_.result);
}

absl::Status Calibration::AddReport() {
  report_.set_name(
      OutputPrefix(spec_.name(), spec_.model().prototxt().file_name()));
  const v1::JobResult& result = output_.result;
  if (result.has_float_accuracy()) {
    *report_.mutable_float_accuracy() = result.float_accuracy();
    *report_.mutable_quantized_accuracy() = result.quantized_accuracy();
  }
  if (result.has_detection()) {
    *report_.mutable_float_detection() = result.detection();
    *report_.mutable_quantized_detection() = result.quantized_detection();
  }
  if (!evaluator_.has_value()) report_.set_num_evaluated_in_calibration(-1);
  for (v1::BlobReport& row : DescribeBlobs(quantized_.plan, factors_)) {
    *report_.add_blobs() = std::move(row);
  }
  for (v1::FloatLayerReport& row : DescribeFloatLayers(quantized_.plan)) {
    *report_.add_float_layers() = std::move(row);
  }
  for (const v1::JobWarning& warning : warnings_.warnings()) {
    *report_.add_warnings() = warning;
  }
  ASSIGN_OR_RETURN(std::vector<OutputFile> files, ReportFiles(report_));
  for (OutputFile& file : files) output_.files.push_back(std::move(file));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JobOutput> RunCalibrate(const v1::CalibrateSpec& spec,
                                       const JobInputs& inputs,
                                       JobMonitor* monitor) {
  return Calibration(spec, inputs, monitor).Run();
}

}  // namespace quantd
