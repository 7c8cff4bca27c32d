// The report of a CALIBRATE job, from what the job knows.
// Not here: how it looks (engine/report/calibration_report.h).
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_CALIBRATION_REPORT_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_CALIBRATION_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/config/quant_plan.h"
#include "engine/core/shape.h"
#include "engine/jobs/calibration/factor_records.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/feed/input_survey.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/job.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/report.pb.h"

namespace quantd {

// What is done to each record before it enters the net, a sentence each.
std::vector<std::string> DescribePreprocessing(const NetworkFeed& feed);

// The part on the inputs of `reader`, which `survey` saw.
v1::InputReport DescribeInput(const NetworkFeed& feed, const FeedReader& reader,
                              const InputSurvey& survey);

// A row per blob of `plan`, whose factors are `factors`.
std::vector<v1::BlobReport> DescribeBlobs(const QuantPlan& plan,
                                          const PlanFactors& factors);

// A row per weight layer of `plan`: `net` has float weights, `weighted` what
// they become when quantized and turned back.
std::vector<v1::WeightReport> DescribeWeights(
    const QuantPlan& plan, const PlanFactors& factors,
    const caffe::NetParameter& net, const caffe::NetParameter& weighted);

std::vector<v1::FloatLayerReport> DescribeFloatLayers(const QuantPlan& plan);

// NAME_report.json and NAME_report.html, NAME being the report's. Errors:
// INTERNAL if protobuf refuses to print.
absl::StatusOr<std::vector<OutputFile>> ReportFiles(
    const v1::CalibrationReport& report);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_CALIBRATION_REPORT_H_
