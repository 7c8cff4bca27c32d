#include "engine/jobs/verify.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/eval/same_top1.h"
#include "engine/graph/uninplace.h"
#include "engine/integer/cann_factors.h"
#include "engine/integer/deploy_factors.h"
#include "engine/integer/deploy_net.h"
#include "engine/jobs/accuracy/score_output.h"
#include "engine/jobs/fed_passes.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/feed/net_inputs.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/output_prefix.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/jobs/pretty_json.h"
#include "engine/jobs/verification/fake_quant_probe.h"
#include "engine/jobs/verification/layer_rows.h"
#include "engine/jobs/verification/model_pair.h"
#include "engine/jobs/verification/verify_bounds.h"
#include "engine/report/verify_report.h"
#include "engine/simulator/simulator.h"

namespace quantd {
namespace {

class Verification {
 public:
  Verification(const v1::VerifySpec& spec, const JobInputs& inputs,
               JobMonitor* monitor)
      : spec_(spec), inputs_(inputs), tracker_(monitor) {}

  absl::StatusOr<JobOutput> Run();

 private:
  absl::Status Load();
  // Of each layer of the deploy model.
  absl::Status ReadFactors();
  // Adds a row for each layer with quantized inputs; compares weights.
  absl::Status AddRows();
  absl::Status MakeNets(const std::vector<InputShape>& inputs);
  absl::Status MakeFakeNet(const std::vector<InputShape>& inputs);
  absl::Status CompareAll();
  absl::Status ComparePass();
  // Each layer on the fake-quant model's integers.
  absl::Status CompareLayers();
  // True if every integer that the last pass was given was the deploy model's
  // own: it would compute the same once more from the same states.
  bool HasRunAlone() const;
  // The deploy model on its own.
  absl::Status CompareAlone();
  // The integers that went into the layers in the last pass of the deploy net:
  // inputs, and states of recurrent layers.
  absl::Status CompareInputs(LayerRows::Run run);
  // From and to the states that the recurrent layers carry from pass to pass.
  absl::Status RunDeploy(DeployNet::CarriedStates* states);
  int64_t BatchSize() const { return BatchSizeOf(feed_, spec_.batch_size()); }
  v1::VerifyResult Result() const;
  absl::Status Emit(const v1::VerifyResult& result);

  const v1::VerifySpec& spec_;
  const JobInputs& inputs_;
  PhaseTracker tracker_;

  caffe::NetParameter deploy_model_;
  caffe::NetParameter fake_model_;
  std::vector<DeployFactors> factors_;
  std::map<LayerInput, PairedQuant> quants_;
  NetworkFeed feed_;
  std::string deploy_scores_;  // Empty without.
  std::string fake_scores_;
  LayerRows rows_;
  std::map<std::string, std::string> result_blobs_;  // Of integer layers.

  std::unique_ptr<DeployNet> deploy_net_;
  DeployNet::CarriedStates layer_states_;  // Where CompareLayers() goes on.
  DeployNet::CarriedStates alone_states_;  // Where CompareAlone() goes on.
  bool same_states_ = true;                // They were, before the pass.
  std::unique_ptr<Net> fake_net_;
  FakeQuantProbe fake_;
  int64_t num_images_ = 0;
  int64_t num_scored_ = 0;  // Several of a record whose input is_whole.
  int64_t num_agreeing_ = 0;
  int64_t num_tied_ = 0;
  JobOutput output_;
};

absl::StatusOr<JobOutput> Verification::Run() {
  tracker_.Begin("LOAD");
  RETURN_IF_ERROR(Load());
  RETURN_IF_ERROR(AddRows());
  RETURN_IF_ERROR(CompareAll());
  tracker_.Begin("EMIT");
  *output_.result.mutable_verify() = Result();
  RETURN_IF_ERROR(Emit(output_.result.verify()));
  tracker_.Finish(&output_.result);
  return std::move(output_);
}

absl::Status Verification::Load() {
  JobMonitor* monitor = tracker_.monitor();
  ASSIGN_OR_RETURN(caffe::NetParameter deploy,
                   ReadJobModel(spec_.deploy(), inputs_, monitor));
  ASSIGN_OR_RETURN(caffe::NetParameter fake,
                   ReadJobModel(spec_.fake_quant(), inputs_, monitor));
  ASSIGN_OR_RETURN(
      feed_,
      FindFeed(fake, spec_.has_transform() ? &spec_.transform() : nullptr,
               inputs_));
  WarnOfMirror(feed_.transform, monitor);
  ASSIGN_OR_RETURN(deploy_model_, Uninplace(std::move(deploy)));
  ASSIGN_OR_RETURN(fake_model_, Uninplace(std::move(fake)));
  const auto deploy_scores = FindScoreOutput(deploy_model_);
  const auto fake_scores = FindScoreOutput(fake_model_);
  if (deploy_scores.ok() && fake_scores.ok()) {
    deploy_scores_ = deploy_scores->blob;
    fake_scores_ = fake_scores->blob;
  }
  RETURN_IF_ERROR(ReadFactors());
  ASSIGN_OR_RETURN(quants_,
                   PairQuantLayers(deploy_model_, fake_model_, &factors_));
  if (!quants_.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "MODELS_NOT_COMPARABLE",
               "the deploy model has no quantized layer; give the files of a "
               "job that quantized");
}

absl::Status Verification::ReadFactors() {
  const bool has_record = spec_.has_quant_param_record();
  if (HasQuantLayers(deploy_model_)) {
    if (has_record) {
      return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                   "the deploy model has its factors in Quant layers; leave "
                   "quant_param_record out",
                   {{"options", "quant_param_record"}});
    }
    ASSIGN_OR_RETURN(factors_, TakeCannFactors(&deploy_model_));
    return absl::OkStatus();
  }
  if (!has_record) {
    return Error(absl::StatusCode::kInvalidArgument, "FIELD_REQUIRED",
                 "the deploy model has no Quant layers; give its "
                 "quant_param_record.txt or .bin as quant_param_record",
                 {{"field", "quant_param_record"}});
  }
  const std::string& name = spec_.quant_param_record().file_name();
  ASSIGN_OR_RETURN(const std::string bytes,
                   inputs_.read_blob(spec_.quant_param_record()));
  ASSIGN_OR_RETURN(const calibration::CalibrationParam record,
                   ParseQuantParamRecord(bytes, name));
  ASSIGN_OR_RETURN(factors_, DeployFactorsOf(record, deploy_model_, name));
  return absl::OkStatus();
}

absl::Status Verification::AddRows() {
  std::map<std::string, const caffe::LayerParameter*> fake_layers;
  for (const auto& layer : fake_model_.layer()) {
    fake_layers[layer.name()] = &layer;
  }
  for (int i = 0; i < deploy_model_.layer_size(); ++i) {
    const caffe::LayerParameter& layer = deploy_model_.layer(i);
    const caffe::LayerParameter& fake = *fake_layers[layer.name()];
    RETURN_IF_ERROR(rows_.Add(layer, fake, factors_[i]));
    if (HasIntegerWeights(layer) && RunsInIntegers(layer.type()) &&
        fake.top_size() == 1) {
      result_blobs_[layer.name()] = fake.top(0);
    }
  }
  return absl::OkStatus();
}

absl::Status Verification::MakeNets(const std::vector<InputShape>& inputs) {
  RETURN_IF_ERROR(MakeFakeNet(inputs));
  Net::Options options;
  options.inference = true;
  options.fast_math = false;
  if (!deploy_scores_.empty()) options.keep_blobs.insert(deploy_scores_);
  auto deploy = DeployNet::Create(
      WithInputLayer(std::move(deploy_model_), inputs, 1), factors_, options);
  if (!deploy.ok()) {
    return Annotate(deploy.status(), "deploy model: ", {{"model", "deploy"}});
  }
  deploy_net_ = *std::move(deploy);
  return absl::OkStatus();
}

absl::Status Verification::MakeFakeNet(const std::vector<InputShape>& inputs) {
  fake_ = FakeQuantProbe(quants_, result_blobs_);
  Net::Options options;
  options.inference = true;
  options.watch_blobs = fake_.WatchedBlobs();
  if (!fake_scores_.empty()) options.keep_blobs.insert(fake_scores_);
  KnownScales scales;
  for (int i = 0; i < deploy_model_.layer_size(); ++i) {
    scales[deploy_model_.layer(i).name()] = factors_[i].scale_w;
  }
  std::vector<std::string> float_sums;
  auto fake = CreateSimulator(WithInputLayer(std::move(fake_model_), inputs, 1),
                              options, scales, &float_sums);
  if (!fake.ok()) {
    return Annotate(fake.status(),
                    "fake-quant model: ", {{"model", "fake_quant"}});
  }
  for (const std::string& layer : float_sums) {
    Warn("SIMULATED_IN_FLOAT",
         absl::StrCat("layer \"", layer,
                      "\": the simulator sums floats, whose rounding may "
                      "change integers behind it: its sums can pass 2^24, "
                      "its weights are no whole numbers of their steps, or it "
                      "shares them"),
         tracker_.monitor());
  }
  fake_net_ = *std::move(fake);
  return fake_.Attach(fake_net_.get());
}

absl::Status Verification::CompareAll() {
  ASSIGN_OR_RETURN(const std::string path,
                   DatasetPath(inputs_, spec_.dataset_id()));
  ASSIGN_OR_RETURN(auto reader, OpenFeed(feed_, path, 1));
  RETURN_IF_ERROR(MakeNets(reader->inputs()));
  ASSIGN_OR_RETURN(num_images_,
                   RunFedPasses(BatchSize(), spec_.max_records(), reader.get(),
                                fake_net_.get(), &tracker_,
                                [this] { return ComparePass(); }));
  return absl::OkStatus();
}

absl::Status Verification::ComparePass() {
  RETURN_IF_ERROR(CopyInputs(*fake_net_, &deploy_net_->net()));
  RETURN_IF_ERROR(fake_.Run([this] { return tracker_.CheckCancelled(); }));
  same_states_ = layer_states_ == alone_states_;
  RETURN_IF_ERROR(CompareLayers());
  return CompareAlone();
}

absl::Status Verification::RunDeploy(DeployNet::CarriedStates* states) {
  deploy_net_->SetCarriedStates(*states);
  RETURN_IF_ERROR(deploy_net_->net().Forward(
      [this](int) { return tracker_.CheckCancelled(); }));
  *states = deploy_net_->carried_states();
  return absl::OkStatus();
}

absl::Status Verification::CompareLayers() {
  for (const DeployNet::Input& input : deploy_net_->inputs()) {
    const LayerInput of_fake = {input.layer, input.bottom};
    if (!fake_.Has(of_fake)) continue;
    input.quantized->Force(fake_.codes(of_fake));
  }
  RETURN_IF_ERROR(RunDeploy(&layer_states_));
  RETURN_IF_ERROR(CompareInputs(LayerRows::Run::kByLayer));
  for (const IntegerLayer* layer : deploy_net_->integer_layers()) {
    RETURN_IF_ERROR(
        rows_.CompareSums(layer->name(), *layer, fake_.results(layer->name())));
  }
  for (const auto& [layer, products] : deploy_net_->recurrent_layers()) {
    if (!fake_.Has({layer, DeployNet::kStates})) continue;
    RETURN_IF_ERROR(rows_.CompareSums(layer, *products, fake_.results(layer)));
  }
  return absl::OkStatus();
}

absl::Status Verification::CompareInputs(LayerRows::Run run) {
  for (const DeployNet::Input& input : deploy_net_->inputs()) {
    const LayerInput of_fake = {input.layer, input.bottom};
    if (!fake_.Has(of_fake)) continue;
    RETURN_IF_ERROR(rows_.CompareInputs(
        input.layer, run, input.quantized->codes(), fake_.codes(of_fake)));
  }
  return absl::OkStatus();
}

bool Verification::HasRunAlone() const {
  const std::vector<DeployNet::Input>& inputs = deploy_net_->inputs();
  return std::all_of(
      inputs.begin(), inputs.end(), [](const DeployNet::Input& input) {
        const std::vector<int16_t>& forced = input.quantized->forced();
        return forced.empty() || input.quantized->codes() == forced;
      });
}

absl::Status Verification::CompareAlone() {
  if (same_states_ && HasRunAlone()) {
    alone_states_ = layer_states_;
  } else {
    for (const DeployNet::Input& input : deploy_net_->inputs()) {
      input.quantized->Force({});
    }
    RETURN_IF_ERROR(RunDeploy(&alone_states_));
  }
  RETURN_IF_ERROR(CompareInputs(LayerRows::Run::kAlone));
  if (deploy_scores_.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Tensor* deploy,
                   deploy_net_->net().Blob(deploy_scores_));
  ASSIGN_OR_RETURN(const Tensor* fake, fake_net_->Blob(fake_scores_));
  const Top1Counts counts = CompareTop1(*deploy, *fake);
  num_scored_ += counts.num_images;
  num_agreeing_ += counts.num_same;
  num_tied_ += counts.num_tied;
  return absl::OkStatus();
}

v1::VerifyResult Verification::Result() const {
  v1::VerifyResult result;
  result.set_num_images(num_images_);
  result.set_top1_agreement(deploy_scores_.empty() || num_scored_ == 0
                                ? -1
                                : static_cast<double>(num_agreeing_) /
                                      static_cast<double>(num_scored_));
  result.set_num_tied_images(num_tied_);
  rows_.AddTo(&result);
  Judge(&result);
  return result;
}

absl::Status Verification::Emit(const v1::VerifyResult& result) {
  std::string prefix =
      OutputPrefix(spec_.name(), spec_.deploy().prototxt().file_name());
  if (spec_.name().empty()) {
    prefix = std::string(absl::StripSuffix(prefix, "_deploy_model"));
  }
  ASSIGN_OR_RETURN(const std::string json, PrettyJson(result));
  output_.files.push_back({prefix + "_verify.json", json});
  output_.files.push_back(
      {prefix + "_verify.html", VerifyReportHtml(prefix, result)});
  return tracker_.CheckCancelled();
}

}  // namespace

absl::StatusOr<JobOutput> RunVerify(const v1::VerifySpec& spec,
                                    const JobInputs& inputs,
                                    JobMonitor* monitor) {
  return Verification(spec, inputs, monitor).Run();
}

}  // namespace quantd
