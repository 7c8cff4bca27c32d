// What a worker may commit: its messages are not trusted.
#ifndef QUANTD_SERVER_JOBS_COMMIT_CHECK_H_
#define QUANTD_SERVER_JOBS_COMMIT_CHECK_H_

#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"
#include "proto/quantd/v1/worker_service.pb.h"
#include "storage/blob_store.h"

namespace quantd::jobs {

// Whether `artifacts` can be stored with a job: they have distinct plain file
// names and stored bytes, and are not too many.
// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE; FAILED_PRECONDITION,
// BLOB_NOT_FOUND.
absl::Status CheckArtifacts(
    const google::protobuf::RepeatedPtrField<v1::Artifact>& artifacts,
    storage::BlobStore* blobs);

// Adds `artifacts` to those of `job`; one replaces an older one of its name.
void MergeArtifacts(
    const google::protobuf::RepeatedPtrField<v1::Artifact>& artifacts,
    v1::Job* job);

// Whether `request`, of a job that succeeded, can be stored: its artifacts can,
// and its records are not too many.
// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE; FAILED_PRECONDITION,
// BLOB_NOT_FOUND.
absl::Status CheckCommit(const v1::CommitRequest& request,
                         storage::BlobStore* blobs);

// The error of a job that failed, cut to what a row may hold: reason 63 bytes,
// message 4,000, at most 32 metadata entries of 1,000 bytes. A code that is
// not one becomes INTERNAL.
absl::Status WorkerError(const v1::CommitRequest& request);

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_COMMIT_CHECK_H_
