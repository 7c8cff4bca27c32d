// The report of a COMPARE job.
#ifndef QUANTD_ENGINE_REPORT_COMPARE_REPORT_H_
#define QUANTD_ENGINE_REPORT_COMPARE_REPORT_H_

#include <string>

#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// A page about `result`, in its order of blobs; `name` is the model's.
std::string CompareReportHtml(const std::string& name,
                              const v1::CompareResult& result);

}  // namespace quantd

#endif  // QUANTD_ENGINE_REPORT_COMPARE_REPORT_H_
