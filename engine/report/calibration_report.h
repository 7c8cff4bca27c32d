// The page about a CALIBRATE job.
#ifndef QUANTD_ENGINE_REPORT_CALIBRATION_REPORT_H_
#define QUANTD_ENGINE_REPORT_CALIBRATION_REPORT_H_

#include <string>

#include "proto/quantd/v1/report.pb.h"

namespace quantd {

// One file without anything outside: accuracy, preprocessing, what stayed
// float, warnings, each blob's histogram with its thresholds, and tables.
std::string CalibrationReportHtml(const v1::CalibrationReport& report);

}  // namespace quantd

#endif  // QUANTD_ENGINE_REPORT_CALIBRATION_REPORT_H_
