// What a network is evaluated on.
#ifndef QUANTD_ENGINE_JOBS_ACCURACY_EVALUATION_DATA_H_
#define QUANTD_ENGINE_JOBS_ACCURACY_EVALUATION_DATA_H_

#include <cstdint>
#include <string>

#include "engine/jobs/feed/input_survey.h"

namespace quantd {

struct EvaluationData {
  std::string lmdb_path;
  // Records of a unit of progress, and of one pass at most; at least 1.
  int64_t batch_size = 16;
  // 0: all, once.
  int64_t max_records = 0;
  // Sees every input; may be null.
  InputSurvey* survey = nullptr;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_ACCURACY_EVALUATION_DATA_H_
