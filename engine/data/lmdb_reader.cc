#include "engine/data/lmdb_reader.h"

#include <sys/stat.h>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
absl::StatusOr<std::unique_ptr<LmdbReader>> LmdbReader::Open(
    const std::string& directory) {
  const std::string file = absl::StrCat(directory, "/data.mdb");
  struct stat info;
  if (stat(file.c_str(), &info) != 0) {
    return Error(absl::StatusCode::kNotFound, "DATASET_NOT_FOUND",
                 absl::StrCat("there is no LMDB at ", directory,
                              ": it must be a directory that holds data.mdb"),
                 {{"file", file}});
  }
  if (info.st_size == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_EMPTY",
                 absl::StrCat("LMDB file ", file, " has 0 bytes"),
                 {{"file", file}});
  }
  ASSIGN_OR_RETURN(auto data, LmdbFile::Open(file, "DATASET_CORRUPT"));
  if (data->num_records() == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_EMPTY",
                 absl::StrCat("LMDB ", directory, " holds no records"),
                 {{"file", file}});
  }
  return absl::WrapUnique(new LmdbReader(directory, std::move(data)));
}

absl::StatusOr<LmdbRecord> LmdbReader::Next() {
  LmdbRecord record;
  ASSIGN_OR_RETURN(bool found, file_->Next(&record));
  if (!found) {
    file_->Rewind();
    ASSIGN_OR_RETURN(found, file_->Next(&record));
  }
  return record;
}

}  // namespace quantd
