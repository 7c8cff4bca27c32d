// Accuracy of a classification network over a data set.
#ifndef QUANTD_ENGINE_JOBS_ACCURACY_ACCURACY_H_
#define QUANTD_ENGINE_JOBS_ACCURACY_ACCURACY_H_

#include "absl/status/statusor.h"
#include "engine/jobs/accuracy/evaluation_data.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/phase_tracker.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Runs `net`, which may have a Data layer or a Softmax-less head, over the
// records, and counts: the scores of FindScoreOutput() and, layer by layer,
// what its Accuracy layers compare. If these compare something else than one
// row of scores for each record, top1, top5 and loss are -1. Reports to
// `tracker`, whose phase has begun; units are batches. Errors: those of
// Net::Create(), FindScoreOutput(), OpenFeed() and TopK.
absl::StatusOr<v1::Accuracy> MeasureAccuracy(caffe::NetParameter net,
                                             const NetworkFeed& feed,
                                             const EvaluationData& data,
                                             PhaseTracker* tracker);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_ACCURACY_ACCURACY_H_
