#include "engine/jobs/compare.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/eval/same_top1.h"
#include "engine/graph/drop_tail.h"
#include "engine/graph/uninplace.h"
#include "engine/jobs/accuracy/score_output.h"
#include "engine/jobs/compared_blobs.h"
#include "engine/jobs/fed_passes.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/feed/net_inputs.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/output_prefix.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/jobs/pretty_json.h"
#include "engine/model/float_model.h"
#include "engine/report/compare_report.h"
#include "engine/simulator/simulator.h"

namespace quantd {
namespace {

// The blob of class scores; empty without.
std::string ScoresOf(const caffe::NetParameter& net) {
  const auto scores = FindScoreOutput(net);
  return scores.ok() ? scores->blob : std::string();
}

// True if a layer of `net` writes `blob`.
bool HasBlob(const caffe::NetParameter& net, const std::string& blob) {
  return std::any_of(net.layer().begin(), net.layer().end(),
                     [&blob](const caffe::LayerParameter& layer) {
                       return std::find(layer.top().begin(), layer.top().end(),
                                        blob) != layer.top().end();
                     });
}

class Comparison {
 public:
  Comparison(const v1::CompareSpec& spec, const JobInputs& inputs,
             JobMonitor* monitor)
      : spec_(spec), inputs_(inputs), tracker_(monitor) {}

  absl::StatusOr<JobOutput> Run();

 private:
  absl::Status Load();
  absl::Status MakeNets(const std::vector<InputShape>& inputs);
  absl::StatusOr<std::unique_ptr<Net>> MakeNet(
      caffe::NetParameter param, const std::vector<InputShape>& inputs,
      const std::string& scores);
  absl::Status CompareAll();
  absl::Status ComparePass();
  absl::Status CompareScores();
  int64_t BatchSize() const;
  v1::CompareResult Result() const;
  absl::Status Emit(const v1::CompareResult& result);

  const v1::CompareSpec& spec_;
  const JobInputs& inputs_;
  PhaseTracker tracker_;

  caffe::NetParameter float_model_;
  caffe::NetParameter quantized_model_;
  NetworkFeed feed_;
  std::string float_scores_;  // Empty without.
  std::string quantized_scores_;
  std::unique_ptr<Net> float_net_;
  std::unique_ptr<Net> quantized_net_;
  ComparedBlobs blobs_;
  int64_t num_images_ = 0;
  int64_t num_scored_ = 0;  // Several of a record whose input is_whole.
  int64_t num_agreeing_ = 0;
  JobOutput output_;
};

absl::StatusOr<JobOutput> Comparison::Run() {
  tracker_.Begin("LOAD");
  RETURN_IF_ERROR(Load());
  RETURN_IF_ERROR(CompareAll());
  tracker_.Begin("EMIT");
  *output_.result.mutable_compare() = Result();
  RETURN_IF_ERROR(Emit(output_.result.compare()));
  tracker_.Finish(&output_.result);
  return std::move(output_);
}

absl::Status Comparison::Load() {
  ASSIGN_OR_RETURN(const caffe::NetParameter model,
                   ReadJobModel(spec_.model(), inputs_, tracker_.monitor()));
  ASSIGN_OR_RETURN(
      const caffe::NetParameter quantized,
      ReadJobModel(spec_.quantized(), inputs_, tracker_.monitor()));
  RETURN_IF_ERROR(CheckFloatBlobs(model));
  RETURN_IF_ERROR(CheckFloatBlobs(quantized));
  ASSIGN_OR_RETURN(
      feed_,
      FindFeed(model, spec_.has_transform() ? &spec_.transform() : nullptr,
               inputs_));
  WarnOfMirror(feed_.transform, tracker_.monitor());
  // Before the tail is dropped: the names of blobs depend on what reads them.
  ASSIGN_OR_RETURN(float_model_, Uninplace(model));
  ASSIGN_OR_RETURN(quantized_model_, Uninplace(quantized));
  float_scores_ = ScoresOf(float_model_);
  quantized_scores_ = ScoresOf(quantized_model_);
  ASSIGN_OR_RETURN(float_model_, DropTail(std::move(float_model_)));
  ASSIGN_OR_RETURN(quantized_model_, DropTail(std::move(quantized_model_)));
  if (!HasBlob(float_model_, float_scores_) ||
      !HasBlob(quantized_model_, quantized_scores_)) {
    float_scores_.clear();
    quantized_scores_.clear();
  }
  ASSIGN_OR_RETURN(blobs_, ComparedBlobs::Find(float_model_, quantized_model_));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Net>> Comparison::MakeNet(
    caffe::NetParameter param, const std::vector<InputShape>& inputs,
    const std::string& scores) {
  Net::Options options;
  options.inference = true;
  options.fast_math = false;
  options.watch_blobs = blobs_.names();
  if (!scores.empty()) options.keep_blobs.insert(scores);
  return CreateSimulator(WithInputLayer(std::move(param), inputs, 1), options);
}

absl::Status Comparison::MakeNets(const std::vector<InputShape>& inputs) {
  ASSIGN_OR_RETURN(float_net_,
                   MakeNet(std::move(float_model_), inputs, float_scores_));
  ASSIGN_OR_RETURN(quantized_net_, MakeNet(std::move(quantized_model_), inputs,
                                           quantized_scores_));
  const auto input = quantized_net_->Blob(feed_.data_blob);
  if (!input.ok()) return input.status();
  return blobs_.Watch(*float_net_, *quantized_net_);
}

int64_t Comparison::BatchSize() const {
  return BatchSizeOf(feed_, spec_.batch_size());
}

absl::Status Comparison::CompareAll() {
  ASSIGN_OR_RETURN(const std::string path,
                   DatasetPath(inputs_, spec_.dataset_id()));
  ASSIGN_OR_RETURN(auto reader, OpenFeed(feed_, path, 1));
  RETURN_IF_ERROR(MakeNets(reader->inputs()));
  ASSIGN_OR_RETURN(num_images_,
                   RunFedPasses(BatchSize(), spec_.max_records(), reader.get(),
                                float_net_.get(), &tracker_,
                                [this] { return ComparePass(); }));
  return absl::OkStatus();
}

absl::Status Comparison::ComparePass() {
  // The reader wrote the float net's inputs; the other net gets the same.
  RETURN_IF_ERROR(CopyInputs(*float_net_, quantized_net_.get()));
  RETURN_IF_ERROR(float_net_->Forward([this](int index) -> absl::Status {
    blobs_.TakeFloat(index);
    return tracker_.CheckCancelled();
  }));
  RETURN_IF_ERROR(quantized_net_->Forward([this](int index) -> absl::Status {
    RETURN_IF_ERROR(blobs_.TakeQuantized(index));
    return tracker_.CheckCancelled();
  }));
  return float_scores_.empty() ? absl::OkStatus() : CompareScores();
}

absl::Status Comparison::CompareScores() {
  ASSIGN_OR_RETURN(const Tensor* x, float_net_->Blob(float_scores_));
  ASSIGN_OR_RETURN(const Tensor* q, quantized_net_->Blob(quantized_scores_));
  const Top1Counts counts = CompareTop1(*x, *q);
  num_scored_ += counts.num_images;
  num_agreeing_ += counts.num_same;
  return absl::OkStatus();
}

v1::CompareResult Comparison::Result() const {
  v1::CompareResult result;
  result.set_num_images(num_images_);
  result.set_top1_agreement(float_scores_.empty() || num_scored_ == 0
                                ? -1
                                : static_cast<double>(num_agreeing_) /
                                      static_cast<double>(num_scored_));
  blobs_.Report(&result);
  return result;
}

absl::Status Comparison::Emit(const v1::CompareResult& result) {
  const std::string prefix =
      OutputPrefix(spec_.name(), spec_.model().prototxt().file_name());
  ASSIGN_OR_RETURN(const std::string json, PrettyJson(result));
  output_.files.push_back({prefix + "_compare.json", json});
  output_.files.push_back(
      {prefix + "_compare.html", CompareReportHtml(prefix, result)});
  return tracker_.CheckCancelled();
}

}  // namespace

absl::StatusOr<JobOutput> RunCompare(const v1::CompareSpec& spec,
                                     const JobInputs& inputs,
                                     JobMonitor* monitor) {
  return Comparison(spec, inputs, monitor).Run();
}

}  // namespace quantd
