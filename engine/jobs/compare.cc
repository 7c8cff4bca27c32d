#include "engine/jobs/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/eval/blob_difference.h"
#include "engine/graph/uninplace.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/network_feed.h"
#include "engine/jobs/output_prefix.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/jobs/score_output.h"
#include "engine/kernels/fake_quant.h"
#include "engine/layers/registry.h"
#include "engine/report/compare_report.h"
#include "google/protobuf/util/json_util.h"

namespace quantd {
namespace {

// A Quant layer, by what it represents.
struct QuantRange {
  std::string bottom;
  float step = 0;
  float low = 0;  // Values that round to less are cut off.
  float high = 0;
};

// One blob that both networks have.
struct Pair {
  v1::BlobDifference row;
  BlobDifference difference;
  std::vector<QuantRange> ranges;    // Of its readers.
  std::vector<int64_t> num_cut_off;  // By range.
  std::vector<float> values;         // Of the float net in this pass.
};

QuantRange RangeOf(const caffe::LayerParameter& layer) {
  const caffe::QuantParameter& quant = layer.quant_param();
  const int num_bits = quant.num_bits_d() == 0 ? 8 : quant.num_bits_d();
  const float half = std::ldexp(1.0f, num_bits - 1);
  QuantRange range;
  range.bottom = layer.bottom(0);
  range.step = ScaleOfInverse(quant.scale());
  const float offset = static_cast<float>(quant.offset());
  range.low = (-half - offset - 0.5f) * range.step;
  range.high = (half - 1 - offset + 0.5f) * range.step;
  return range;
}

int64_t CountOutside(absl::Span<const float> values, const QuantRange& range) {
  return std::count_if(values.begin(), values.end(), [&range](float x) {
    return x < range.low || x > range.high;
  });
}

absl::Status NotComparable(const std::string& what) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODELS_NOT_COMPARABLE",
               what);
}

// Index of the largest of `scores`, the first of equals.
int64_t ArgMax(absl::Span<const float> scores) {
  return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

class Comparison {
 public:
  Comparison(const v1::CompareSpec& spec, const JobInputs& inputs,
             JobMonitor* monitor)
      : spec_(spec), inputs_(inputs), tracker_(monitor) {}

  absl::StatusOr<JobOutput> Run();

 private:
  absl::Status Load();
  // Finds the blobs of both networks.
  void FindPairs();
  absl::Status MakeNets(const Shape& image_shape);
  absl::StatusOr<std::unique_ptr<Net>> MakeNet(caffe::NetParameter param,
                                               const Shape& image_shape,
                                               const std::string& scores);
  // By layer, the pairs that are complete when it has run.
  std::vector<std::vector<Pair*>> PairsByLayer(const Net& net);
  absl::Status CompareAll();
  // Drops all but the first `count` images of the float net's inputs.
  absl::Status KeepImages(int64_t count);
  absl::Status ComparePass();
  absl::Status CompareBlob(Pair* pair);
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
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::vector<std::vector<Pair*>> float_pairs_;
  std::vector<std::vector<Pair*>> quantized_pairs_;
  int64_t num_images_ = 0;
  int64_t num_agreeing_ = 0;
  JobOutput output_;
};

absl::StatusOr<JobOutput> Comparison::Run() {
  tracker_.Begin("LOAD");
  RETURN_IF_ERROR(Load());
  FindPairs();
  if (pairs_.empty()) {
    return NotComparable(
        "the two models have no blob of the same name; give a model and the "
        "fake-quant model that was made of it");
  }
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
  ASSIGN_OR_RETURN(
      feed_,
      FindFeed(model, spec_.has_transform() ? &spec_.transform() : nullptr,
               inputs_));
  WarnOfMirror(feed_.transform, tracker_.monitor());
  ASSIGN_OR_RETURN(float_model_, Uninplace(model));
  ASSIGN_OR_RETURN(quantized_model_, Uninplace(quantized));
  const auto float_scores = FindScoreOutput(float_model_);
  const auto quantized_scores = FindScoreOutput(quantized_model_);
  if (float_scores.ok() && quantized_scores.ok()) {
    float_scores_ = float_scores->blob;
    quantized_scores_ = quantized_scores->blob;
  }
  return absl::OkStatus();
}

void Comparison::FindPairs() {
  std::set<std::string> float_blobs;
  for (const caffe::LayerParameter& layer : float_model_.layer()) {
    if (layer.bottom_size() == 0) continue;
    float_blobs.insert(layer.top().begin(), layer.top().end());
  }
  std::map<std::string, std::vector<QuantRange>> ranges;
  for (const caffe::LayerParameter& layer : quantized_model_.layer()) {
    if (layer.type() != "Quant" || layer.bottom_size() != 1) continue;
    ranges[layer.bottom(0)].push_back(RangeOf(layer));
  }
  for (const caffe::LayerParameter& layer : quantized_model_.layer()) {
    if (layer.bottom_size() == 0 || layer.type() == "Quant") continue;
    for (const std::string& blob : layer.top()) {
      if (float_blobs.count(blob) == 0) continue;
      auto pair = std::make_unique<Pair>();
      pair->row.set_layer(layer.name());
      pair->row.set_type(layer.type());
      pair->row.set_blob(blob);
      pair->ranges = ranges[blob];
      pair->num_cut_off.resize(pair->ranges.size());
      pairs_.push_back(std::move(pair));
    }
  }
}

absl::StatusOr<std::unique_ptr<Net>> Comparison::MakeNet(
    caffe::NetParameter param, const Shape& image_shape,
    const std::string& scores) {
  Net::Options options;
  options.inference = true;
  options.fast_math = false;
  for (const auto& pair : pairs_) options.watch_blobs.insert(pair->row.blob());
  if (!scores.empty()) options.keep_blobs.insert(scores);
  return Net::Create(WithInputLayer(std::move(param), feed_, 1, image_shape),
                     options, MakeLayer);
}

absl::Status Comparison::MakeNets(const Shape& image_shape) {
  ASSIGN_OR_RETURN(
      float_net_, MakeNet(std::move(float_model_), image_shape, float_scores_));
  ASSIGN_OR_RETURN(quantized_net_, MakeNet(std::move(quantized_model_),
                                           image_shape, quantized_scores_));
  const auto input = quantized_net_->Blob(feed_.data_blob);
  if (!input.ok()) return input.status();
  for (const auto& pair : pairs_) {
    const std::string& name = pair->row.blob();
    ASSIGN_OR_RETURN(const Tensor* x, float_net_->Blob(name));
    ASSIGN_OR_RETURN(const Tensor* q, quantized_net_->Blob(name));
    if (x->shape() == q->shape()) continue;
    return NotComparable(absl::StrCat(
        "blob \"", name, "\" has shape ", x->shape().ToString(),
        " in the float model and ", q->shape().ToString(),
        " in the quantized one; give a model and the fake-quant model that was "
        "made of it"));
  }
  float_pairs_ = PairsByLayer(*float_net_);
  quantized_pairs_ = PairsByLayer(*quantized_net_);
  return absl::OkStatus();
}

std::vector<std::vector<Pair*>> Comparison::PairsByLayer(const Net& net) {
  std::map<const Tensor*, int> writers;
  for (int i = 0; i < net.num_layers(); ++i) {
    for (const Tensor* top : net.tops(i)) writers[top] = i;
  }
  std::vector<std::vector<Pair*>> by_layer(net.num_layers());
  for (const auto& pair : pairs_) {
    by_layer[writers[*net.Blob(pair->row.blob())]].push_back(pair.get());
  }
  return by_layer;
}

int64_t Comparison::BatchSize() const {
  return BatchSizeOf(feed_, spec_.batch_size());
}

absl::Status Comparison::CompareAll() {
  ASSIGN_OR_RETURN(const std::string path,
                   DatasetPath(inputs_, spec_.dataset_id()));
  ASSIGN_OR_RETURN(auto reader, OpenFeed(feed_, path, 1));
  RETURN_IF_ERROR(MakeNets(reader->image_shape()));
  RETURN_IF_ERROR(
      reader->SetBatchSize(ImagesPerPass(*float_net_, BatchSize())));
  const int64_t wanted =
      spec_.max_records() > 0
          ? std::min(spec_.max_records(), reader->num_records())
          : reader->num_records();
  tracker_.Begin("COMPARE", (wanted + BatchSize() - 1) / BatchSize());
  Tensor labels;
  while (num_images_ < wanted) {
    ASSIGN_OR_RETURN(const int64_t count,
                     FeedBatch(feed_, reader.get(), float_net_.get(), &labels));
    if (count == 0) break;
    const int64_t used = std::min(count, wanted - num_images_);
    if (used < count) RETURN_IF_ERROR(KeepImages(used));
    RETURN_IF_ERROR(ComparePass());
    num_images_ += used;
    tracker_.Advance(num_images_ / BatchSize(), used);
  }
  return absl::OkStatus();
}

absl::Status Comparison::KeepImages(int64_t count) {
  for (const std::string& name : float_net_->input_names()) {
    ASSIGN_OR_RETURN(Tensor * input, float_net_->MutableBlob(name));
    std::vector<int64_t> dims = input->shape().dims();
    if (dims.empty() || dims[0] <= count) continue;
    dims[0] = count;
    ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
    RETURN_IF_ERROR(input->Resize(shape));
  }
  return absl::OkStatus();
}

absl::Status Comparison::ComparePass() {
  // The reader wrote the float net's inputs; the other net gets the same.
  for (const std::string& name : float_net_->input_names()) {
    auto target = quantized_net_->MutableBlob(name);
    if (!target.ok()) continue;
    ASSIGN_OR_RETURN(const Tensor* source, float_net_->Blob(name));
    RETURN_IF_ERROR((*target)->Resize(source->shape()));
    std::copy_n(source->data(), source->num_elements(), (*target)->data());
  }
  RETURN_IF_ERROR(float_net_->Forward([this](int index) -> absl::Status {
    for (Pair* pair : float_pairs_[index]) {
      ASSIGN_OR_RETURN(const Tensor* blob, float_net_->Blob(pair->row.blob()));
      pair->values.assign(blob->values().begin(), blob->values().end());
    }
    return tracker_.CheckCancelled();
  }));
  RETURN_IF_ERROR(quantized_net_->Forward([this](int index) -> absl::Status {
    for (Pair* pair : quantized_pairs_[index]) {
      RETURN_IF_ERROR(CompareBlob(pair));
    }
    return tracker_.CheckCancelled();
  }));
  return float_scores_.empty() ? absl::OkStatus() : CompareScores();
}

absl::Status Comparison::CompareBlob(Pair* pair) {
  ASSIGN_OR_RETURN(const Tensor* blob, quantized_net_->Blob(pair->row.blob()));
  const absl::Span<const float> values = blob->values();
  if (values.size() != pair->values.size()) {
    return NotComparable(absl::StrCat(
        "blob \"", pair->row.blob(), "\" has ", pair->values.size(),
        " values in the float model and ", values.size(),
        " in the quantized one: its shape depends on values"));
  }
  pair->difference.Add(pair->values, values);
  if (!std::isfinite(pair->difference.max_error())) {
    return Error(absl::StatusCode::kFailedPrecondition, "ACTIVATION_NOT_FINITE",
                 absl::StrCat("layer \"", pair->row.layer(), "\", blob \"",
                              pair->row.blob(),
                              "\": the activations contain NaN or infinity in "
                              "one of the models; check them and their "
                              "preprocessing"),
                 {{"layer", pair->row.layer()}, {"blob", pair->row.blob()}});
  }
  for (size_t i = 0; i < pair->ranges.size(); ++i) {
    pair->num_cut_off[i] += CountOutside(values, pair->ranges[i]);
  }
  return absl::OkStatus();
}

absl::Status Comparison::CompareScores() {
  ASSIGN_OR_RETURN(const Tensor* x, float_net_->Blob(float_scores_));
  ASSIGN_OR_RETURN(const Tensor* q, quantized_net_->Blob(quantized_scores_));
  const int64_t rows = x->shape().LegacyDim(0);
  if (rows < 1 || x->num_elements() != q->num_elements()) {
    return absl::OkStatus();
  }
  const int64_t classes = x->num_elements() / rows;
  for (int64_t row = 0; row < rows; ++row) {
    num_agreeing_ += ArgMax(x->values().subspan(row * classes, classes)) ==
                     ArgMax(q->values().subspan(row * classes, classes));
  }
  return absl::OkStatus();
}

v1::CompareResult Comparison::Result() const {
  v1::CompareResult result;
  result.set_num_images(num_images_);
  result.set_top1_agreement(float_scores_.empty() || num_images_ == 0
                                ? -1
                                : static_cast<double>(num_agreeing_) /
                                      static_cast<double>(num_images_));
  for (const auto& pair : pairs_) {
    const BlobDifference& difference = pair->difference;
    v1::BlobDifference* row = result.add_blobs();
    *row = pair->row;
    row->set_cosine(difference.cosine());
    row->set_sqnr_db(difference.sqnr_db());
    row->set_max_error(difference.max_error());
    row->set_mean_error(difference.mean_error());
    row->set_min(difference.min());
    row->set_max(difference.max());
    row->set_num_values(difference.count());
    for (size_t i = 0; i < pair->ranges.size(); ++i) {
      const double share = difference.count() == 0
                               ? 0
                               : static_cast<double>(pair->num_cut_off[i]) /
                                     static_cast<double>(difference.count());
      if (i > 0 && share <= row->clipped()) continue;
      row->set_clipped(share);
      row->set_scale_d(pair->ranges[i].step);
    }
  }
  std::stable_sort(
      result.mutable_blobs()->begin(), result.mutable_blobs()->end(),
      [](const v1::BlobDifference& a, const v1::BlobDifference& b) {
        return a.sqnr_db() < b.sqnr_db();
      });
  return result;
}

absl::Status Comparison::Emit(const v1::CompareResult& result) {
  const std::string prefix =
      OutputPrefix(spec_.name(), spec_.model().prototxt().file_name());
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(result, &json, options);
  if (!status.ok()) return absl::InternalError(status.ToString());
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
