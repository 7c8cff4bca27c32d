#include "engine/jobs/accuracy/accuracy.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/eval/accuracy_count.h"
#include "engine/eval/top_k.h"
#include "engine/graph/optimize_for_inference.h"
#include "engine/jobs/accuracy/score_output.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/feed/net_inputs.h"
#include "engine/simulator/simulator.h"

namespace quantd {
namespace {

// The first `count` rows of `tensor`.
Tensor FirstRows(const Tensor& tensor, int64_t count) {
  std::vector<int64_t> dims = tensor.shape().dims();
  if (dims.empty() || dims[0] <= count) return tensor;
  dims[0] = count;
  auto shape = Shape::Create(dims);
  Tensor rows(*shape);
  std::copy_n(tensor.data(), rows.num_elements(), rows.data());
  return rows;
}

// An Accuracy layer of the net that runs.
struct CountedLayer {
  const caffe::LayerParameter* param = nullptr;
  AccuracyCount count;
};

bool IsAccuracy(const caffe::LayerParameter& layer) {
  return layer.type() == "Accuracy" && layer.bottom_size() == 2;
}

// One row of scores for each label, as TopK takes them.
bool IsClassification(const Tensor& scores, const Tensor& labels) {
  const Shape& shape = scores.shape();
  return shape.num_axes() >= 2 && shape.Count(2) == 1 &&
         shape[0] == labels.num_elements();
}

// Runs a net over a data set and counts.
class Measurement {
 public:
  Measurement(const NetworkFeed& feed, const EvaluationData& data,
              PhaseTracker* tracker)
      : feed_(feed), data_(data), tracker_(tracker) {}

  absl::StatusOr<v1::Accuracy> Run(caffe::NetParameter param);

 private:
  absl::Status Open(caffe::NetParameter param);
  absl::Status CheckLabels() const;
  absl::Status RunPass(int64_t num_records);
  absl::Status CountScores();
  absl::Status AfterLayer(int index);
  v1::Accuracy Result() const;

  const NetworkFeed& feed_;
  const EvaluationData& data_;
  PhaseTracker* const tracker_;
  ScoreOutput output_;
  std::unique_ptr<FeedReader> reader_;
  std::unique_ptr<Net> net_;
  std::map<int, CountedLayer> layers_;  // By index, in net order.
  TopK top_k_;
  Tensor labels_;  // Of the last pass.
  int64_t num_classes_ = 0;
  int64_t num_records_ = 0;
  // False: the scores are not one row for each label, as those of a
  // segmentation, but Accuracy layers compare them.
  bool is_classification_ = true;
};

absl::StatusOr<v1::Accuracy> Measurement::Run(caffe::NetParameter param) {
  RETURN_IF_ERROR(Open(std::move(param)));
  const int64_t wanted = data_.max_records > 0
                             ? data_.max_records
                             : std::numeric_limits<int64_t>::max();
  while (num_records_ < wanted) {
    ASSIGN_OR_RETURN(const int64_t count, reader_->Next(net_.get(), &labels_));
    if (count == 0) break;
    const int64_t used = std::min(count, wanted - num_records_);
    if (used < count) {
      RETURN_IF_ERROR(KeepImages(used, net_.get()));
      labels_ = FirstRows(labels_, used);
    }
    RETURN_IF_ERROR(RunPass(used));
    num_records_ += used;
    tracker_->Advance(num_records_ / data_.batch_size, used);
  }
  return Result();
}

absl::Status Measurement::Open(caffe::NetParameter param) {
  ASSIGN_OR_RETURN(output_, FindScoreOutput(param));
  top_k_ = TopK(output_.is_probability ? ScoreKind::kProbabilities
                                       : ScoreKind::kLogits);
  ASSIGN_OR_RETURN(reader_, OpenFeed(feed_, data_.lmdb_path, 1));
  Net::Options options;
  options.inference = true;
  options.keep_blobs = {output_.blob};
  for (const caffe::LayerParameter& layer : param.layer()) {
    if (!IsAccuracy(layer)) continue;
    options.keep_blobs.insert(layer.bottom().begin(), layer.bottom().end());
  }
  ASSIGN_OR_RETURN(caffe::NetParameter optimized,
                   OptimizeForInference(
                       WithInputLayer(std::move(param), reader_->inputs(), 1),
                       options.keep_blobs));
  ASSIGN_OR_RETURN(net_, CreateSimulator(std::move(optimized), options));
  for (int i = 0; i < net_->num_layers(); ++i) {
    const caffe::LayerParameter& layer = net_->layer(i).param();
    if (!IsAccuracy(layer)) continue;
    layers_.emplace(
        i, CountedLayer{&layer, AccuracyCount(layer.accuracy_param())});
  }
  RETURN_IF_ERROR(CheckLabels());
  return reader_->SetBatchSize(ImagesPerPass(*net_, data_.batch_size));
}

absl::Status Measurement::CheckLabels() const {
  // An Accuracy layer may have labels from an input of another name.
  if (reader_->has_labels() || (feed_.label_blob.empty() && !layers_.empty())) {
    return absl::OkStatus();
  }
  return Error(
      absl::StatusCode::kFailedPrecondition, "EVALUATION_INPUT_INVALID",
      absl::StrCat("the arrays have no labels to compare the scores "
                   "with; add them, as in --data ",
                   feed_.label_blob.empty() ? "label" : feed_.label_blob,
                   "=FILE.npy"));
}

absl::Status Measurement::RunPass(int64_t num_records) {
  if (data_.survey != nullptr) {
    ASSIGN_OR_RETURN(const std::vector<const Tensor*> inputs,
                     BlobsOf(*net_, reader_->inputs()));
    data_.survey->Add(inputs, num_records);
  }
  RETURN_IF_ERROR(
      net_->Forward([this](int index) { return AfterLayer(index); }));
  return CountScores();
}

absl::Status Measurement::AfterLayer(int index) {
  const auto layer = layers_.find(index);
  if (layer != layers_.end()) {
    const caffe::LayerParameter& param = *layer->second.param;
    ASSIGN_OR_RETURN(const Tensor* scores, net_->Blob(param.bottom(0)));
    ASSIGN_OR_RETURN(const Tensor* labels, net_->Blob(param.bottom(1)));
    RETURN_IF_ERROR(Annotate(layer->second.count.Add(*scores, *labels),
                             absl::StrCat("layer \"", param.name(), "\": "),
                             {{"layer", param.name()}}));
  }
  return tracker_->CheckCancelled();
}

absl::Status Measurement::CountScores() {
  ASSIGN_OR_RETURN(const Tensor* scores, net_->Blob(output_.blob));
  if (!layers_.empty() &&
      (!reader_->has_labels() || !IsClassification(*scores, labels_))) {
    is_classification_ = false;
    return absl::OkStatus();
  }
  num_classes_ = scores->num_elements() /
                 std::max<int64_t>(1, scores->shape().LegacyDim(0));
  return top_k_.Add(*scores, labels_);
}

v1::Accuracy Measurement::Result() const {
  v1::Accuracy accuracy;
  accuracy.set_num_records(num_records_);
  accuracy.set_top1(is_classification_ ? top_k_.top1() : -1);
  accuracy.set_top5(is_classification_ && num_classes_ > 5 ? top_k_.top5()
                                                           : -1);
  accuracy.set_loss(is_classification_ ? top_k_.mean_cross_entropy() : -1);
  accuracy.set_num_ties(top_k_.num_ties());
  for (const auto& [index, layer] : layers_) {
    v1::LayerAccuracy* row = accuracy.add_layers();
    row->set_layer(layer.param->name());
    row->set_top_k(static_cast<int>(layer.param->accuracy_param().top_k()));
    row->set_accuracy(layer.count.accuracy());
    row->set_num_values(layer.count.num_positions());
    if (layer.param->top_size() < 2) continue;
    for (const double share : layer.count.class_accuracies()) {
      row->add_class_accuracy(share);
    }
  }
  return accuracy;
}

}  // namespace

absl::StatusOr<v1::Accuracy> MeasureAccuracy(caffe::NetParameter param,
                                             const NetworkFeed& feed,
                                             const EvaluationData& data,
                                             PhaseTracker* tracker) {
  return Measurement(feed, data, tracker).Run(std::move(param));
}

}  // namespace quantd
