#include "server/jobs/commit_check.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd::jobs {
namespace {

constexpr int kMaxArtifacts = 1000;
constexpr int kMaxRecords = 100000;
constexpr size_t kMaxNameBytes = 255;
constexpr int kMaxMetadata = 32;

absl::Status OutOfRange(const std::string& what, const std::string& value,
                        const std::string& allowed) {
  return Error(
      absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
      absl::StrCat("commit: ", what, " is ", value, "; it must be ", allowed),
      {{"option", what}, {"value", value}, {"allowed", allowed}});
}

// A file name that is safe to write into the user's output directory.
bool IsPlainFileName(const std::string& name) {
  if (name.empty() || name.size() > kMaxNameBytes || name[0] == '.') {
    return false;
  }
  for (const char c : name) {
    if (!absl::ascii_isgraph(c) || c == '/' || c == '\\') return false;
  }
  return true;
}

}  // namespace

absl::Status CheckArtifacts(
    const google::protobuf::RepeatedPtrField<v1::Artifact>& artifacts,
    storage::BlobStore* blobs) {
  if (artifacts.size() > kMaxArtifacts) {
    return OutOfRange("number of artifacts", absl::StrCat(artifacts.size()),
                      absl::StrCat("at most ", kMaxArtifacts));
  }
  std::set<std::string> names;
  for (const v1::Artifact& artifact : artifacts) {
    if (!IsPlainFileName(artifact.name()) ||
        !names.insert(artifact.name()).second) {
      return OutOfRange("an artifact's name",
                        absl::CHexEscape(artifact.name().substr(0, 80)),
                        "a plain file name, used once");
    }
    const absl::Status status = blobs->Check(artifact.blob());
    if (absl::IsNotFound(status)) {
      return Error(
          absl::StatusCode::kFailedPrecondition, "BLOB_NOT_FOUND",
          absl::StrCat("the bytes of artifact ", artifact.name(),
                       " are not stored; write them first"),
          {{"blob", artifact.blob().sha256()}, {"file", artifact.name()}});
    }
    RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

void MergeArtifacts(
    const google::protobuf::RepeatedPtrField<v1::Artifact>& artifacts,
    v1::Job* job) {
  for (const v1::Artifact& artifact : artifacts) {
    auto* all = job->mutable_artifacts();
    const auto same = std::find_if(all->begin(), all->end(),
                                   [&artifact](const v1::Artifact& other) {
                                     return other.name() == artifact.name();
                                   });
    *(same == all->end() ? all->Add() : &*same) = artifact;
  }
}

absl::Status CheckCommit(const v1::CommitRequest& request,
                         storage::BlobStore* blobs) {
  if (request.records_size() > kMaxRecords) {
    return OutOfRange("number of records", absl::StrCat(request.records_size()),
                      absl::StrCat("at most ", kMaxRecords));
  }
  return CheckArtifacts(request.artifacts(), blobs);
}

absl::Status WorkerError(const v1::CommitRequest& request) {
  const v1::JobError& error = request.error();
  auto code = static_cast<absl::StatusCode>(error.code());
  if (error.code() < 1 || error.code() > 16) {
    code = absl::StatusCode::kInternal;
  }
  ErrorMetadata metadata;
  for (const auto& [key, value] : error.metadata()) {
    if (metadata.size() >= kMaxMetadata) break;
    metadata[key.substr(0, 64)] = value.substr(0, 1000);
  }
  return Error(code, error.reason().substr(0, 63),
               error.message().substr(0, 4000), metadata);
}

}  // namespace quantd::jobs
