#include "client/lmdb_records.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/lmdb/lmdb_file.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;

constexpr char kReason[] = "LMDB_CORRUPT";

// `path` is a regular file with contents.
absl::Status CheckDataFile(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error(kFailed, "FILE_NOT_FOUND",
                 absl::StrCat(path,
                              " does not exist or cannot be read; an "
                              "LMDB is a directory with a data.mdb in "
                              "it, give that directory"),
                 {{"file", path}});
  }
  if (status.st_size == 0) {
    return Error(kFailed, "FILE_EMPTY",
                 absl::StrCat(path, " is empty; make the LMDB again"),
                 {{"file", path}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<LmdbRecords>> LmdbRecords::Open(
    const std::string& path) {
  std::string directory = path;
  if (absl::EndsWith(directory, "/data.mdb")) {
    directory = std::string(absl::StripSuffix(directory, "/data.mdb"));
  }
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  const std::string file = directory + "/data.mdb";
  RETURN_IF_ERROR(CheckDataFile(file));
  ASSIGN_OR_RETURN(const auto data, LmdbFile::Open(file, kReason));
  if (data->num_records() == 0) {
    return Error(kFailed, "DATASET_EMPTY",
                 absl::StrCat("the LMDB ", directory,
                              " has no records; give one with at least one"),
                 {{"file", file}, {"dataset", directory}});
  }
  return std::unique_ptr<LmdbRecords>(
      new LmdbRecords(directory, data->num_records()));
}

absl::Status LmdbRecords::ForEach(int64_t first, int64_t end,
                                  Visitor visitor) const {
  ASSIGN_OR_RETURN(const auto data,
                   LmdbFile::Open(path_ + "/data.mdb", kReason));
  end = std::min(end, num_records_);
  if (first >= end) return absl::OkStatus();
  RETURN_IF_ERROR(data->Skip(first));
  LmdbRecord record;
  for (int64_t index = first; index < end; ++index) {
    ASSIGN_OR_RETURN(const bool found, data->Next(&record));
    if (!found) break;  // The file was replaced by another.
    RETURN_IF_ERROR(visitor(record.key, record.value));
  }
  return absl::OkStatus();
}

}  // namespace quantd
