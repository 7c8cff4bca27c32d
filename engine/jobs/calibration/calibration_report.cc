#include "engine/jobs/calibration/calibration_report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/jobs/pretty_json.h"
#include "engine/report/calibration_report.h"

namespace quantd {
namespace {

// Stands for infinity, which JSON has not.
constexpr double kNoErrorDb = 999;

double ToDecibels(double signal, double noise) {
  if (noise <= 0 || signal <= 0) return kNoErrorDb;
  return std::min(kNoErrorDb, 10 * std::log10(signal / noise));
}

const caffe::LayerParameter* FindLayer(const caffe::NetParameter& net,
                                       const std::string& name) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.name() == name) return &layer;
  }
  return nullptr;
}

double WeightSqnr(const caffe::LayerParameter& x,
                  const caffe::LayerParameter& q) {
  double signal = 0;
  double noise = 0;
  for (const int blob : WeightBlobs(x)) {
    if (blob >= q.blobs_size()) break;
    const auto& from = x.blobs(blob).data();
    const auto& to = q.blobs(blob).data();
    for (int i = 0; i < std::min(from.size(), to.size()); ++i) {
      const double error = double{from[i]} - to[i];
      signal += double{from[i]} * from[i];
      noise += error * error;
    }
  }
  return ToDecibels(signal, noise);
}

}  // namespace

std::vector<std::string> DescribePreprocessing(const NetworkFeed& feed) {
  const caffe::TransformationParameter& transform = feed.transform;
  std::vector<std::string> steps;
  if (transform.force_color()) steps.push_back("decoded in colour (BGR)");
  if (transform.force_gray()) steps.push_back("decoded in grey");
  if (feed.resize_height > 0) {
    steps.push_back(absl::StrCat("scaled to ", feed.resize_height, " x ",
                                 feed.resize_width, " (H x W), bilinear"));
  }
  if (transform.crop_size() > 0) {
    steps.push_back(absl::StrCat("centre cut to ", transform.crop_size(), " x ",
                                 transform.crop_size()));
  }
  if (feed.mean.has_value() || !transform.mean_file().empty()) {
    steps.push_back("minus the mean image");
  }
  if (transform.mean_value_size() > 0) {
    steps.push_back(absl::StrCat("minus ",
                                 absl::StrJoin(transform.mean_value(), ", "),
                                 " by channel (BGR)"));
  }
  if (transform.scale() != 1) {
    steps.push_back(absl::StrCat("times ", transform.scale()));
  }
  if (steps.empty()) steps.push_back("none: pixels as stored");
  return steps;
}

v1::InputReport DescribeInput(const NetworkFeed& feed, const FeedReader& reader,
                              const InputSurvey& survey) {
  v1::InputReport input;
  for (size_t i = 0; i < survey.ranges().size(); ++i) {
    const InputShape& shape = reader.inputs()[i];
    const InputSurvey::Range& range = survey.ranges()[i];
    v1::InputBlobReport* blob = input.add_blobs();
    blob->set_blob(shape.blob);
    for (const int64_t dim : shape.record.dims()) blob->add_shape(dim);
    blob->set_min(range.min);
    blob->set_max(range.max);
    blob->set_num_constant(range.num_constant);
  }
  if (reader.feeds_arrays()) {
    input.add_preprocessing("none: arrays as they are");
  } else {
    for (const std::string& step : DescribePreprocessing(feed)) {
      input.add_preprocessing(step);
    }
  }
  input.set_num_images(survey.num_images());
  return input;
}

std::vector<v1::BlobReport> DescribeBlobs(const QuantPlan& plan,
                                          const PlanFactors& factors) {
  std::vector<v1::BlobReport> rows;
  for (size_t i = 0; i < plan.blobs.size(); ++i) {
    const QuantizedBlob& blob = plan.blobs[i];
    const IfmrResult& ifmr = factors.blobs[i].ifmr;
    const ActivationSummary& summary = factors.blobs[i].summary;
    v1::BlobReport row;
    row.set_blob(blob.blob);
    for (const BlobConsumer& consumer : blob.consumers) {
      row.add_layers(consumer.layer);
    }
    const int num_bits = blob.params.num_bits;
    const double lowest = -std::ldexp(1.0, num_bits - 1);
    row.set_num_bits(num_bits);
    row.set_scale(ifmr.scale);
    row.set_offset(ifmr.offset);
    row.set_low(static_cast<float>((lowest - ifmr.offset) * ifmr.scale));
    row.set_high(static_cast<float>((-lowest - 1 - ifmr.offset) * ifmr.scale));
    row.set_min(summary.min);
    row.set_max(summary.max);
    row.set_clipped(summary.clipped);
    row.set_zeros(summary.zeros);
    row.set_sqnr_db(ToDecibels(summary.mean_square, summary.mean_square_error));
    row.set_ambiguous(ifmr.ambiguous);
    row.mutable_searched()->Assign(blob.searched.begin(), blob.searched.end());
    row.mutable_bars()->Assign(summary.bars.begin(), summary.bars.end());
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<v1::WeightReport> DescribeWeights(
    const QuantPlan& plan, const PlanFactors& factors,
    const caffe::NetParameter& net, const caffe::NetParameter& weighted) {
  std::vector<v1::WeightReport> rows;
  for (size_t i = 0; i < plan.weights.size(); ++i) {
    const WeightLayer& layer = plan.weights[i];
    const std::vector<float>& scale = factors.weights[i].scale;
    const caffe::LayerParameter& from = net.layer(layer.layer_index);
    const caffe::LayerParameter* to = FindLayer(weighted, layer.layer);
    v1::WeightReport row;
    row.set_layer(layer.layer);
    row.set_type(from.type());
    row.set_num_bits(layer.params.num_bits);
    row.set_num_scales(static_cast<int64_t>(scale.size()));
    row.set_min_scale(*std::min_element(scale.begin(), scale.end()));
    row.set_max_scale(*std::max_element(scale.begin(), scale.end()));
    row.set_sqnr_db(to == nullptr ? kNoErrorDb : WeightSqnr(from, *to));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<v1::FloatLayerReport> DescribeFloatLayers(const QuantPlan& plan) {
  std::vector<v1::FloatLayerReport> rows;
  for (const FloatLayer& layer : plan.floats) {
    v1::FloatLayerReport row;
    row.set_layer(layer.layer);
    row.set_type(layer.type);
    row.set_reason(layer.reason);
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<std::vector<OutputFile>> ReportFiles(
    const v1::CalibrationReport& report) {
  ASSIGN_OR_RETURN(std::string json, PrettyJson(report));
  return std::vector<OutputFile>{
      {report.name() + "_report.json", std::move(json)},
      {report.name() + "_report.html", CalibrationReportHtml(report)}};
}

}  // namespace quantd
