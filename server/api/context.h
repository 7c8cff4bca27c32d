// What every handler of the API needs.
#ifndef QUANTD_SERVER_API_CONTEXT_H_
#define QUANTD_SERVER_API_CONTEXT_H_

#include "server/api/executor.h"
#include "server/jobs/job_manager.h"
#include "server/observability/metrics.h"
#include "storage/store.h"

namespace quantd::api {

// Not owned; all of it outlives the gRPC servers.
struct Context {
  storage::Store* store = nullptr;
  jobs::JobManager* jobs = nullptr;
  Metrics* metrics = nullptr;
  // Short tasks: requests, pieces of streams.
  Executor* executor = nullptr;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_CONTEXT_H_
