// The report of a VERIFY job.
#ifndef QUANTD_ENGINE_REPORT_VERIFY_REPORT_H_
#define QUANTD_ENGINE_REPORT_VERIFY_REPORT_H_

#include <string>

#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// A page about `result`, in its order of layers; `name` is the model's.
std::string VerifyReportHtml(const std::string& name,
                             const v1::VerifyResult& result);

}  // namespace quantd

#endif  // QUANTD_ENGINE_REPORT_VERIFY_REPORT_H_
