#include "engine/data/lmdb_reader.h"

#include <lmdb.h>
#include <sys/stat.h>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/data/lmdb_check.h"

namespace quantd {
namespace {

absl::Status LmdbError(absl::string_view directory, int code) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT",
      absl::StrCat("LMDB ", directory, " cannot be read: ", mdb_strerror(code)),
      {{"file", std::string(directory)}});
}

}  // namespace

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
  auto reader = absl::WrapUnique(new LmdbReader(directory));
  ASSIGN_OR_RETURN(reader->num_records_, CheckLmdbFile(file));
  if (reader->num_records_ == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_EMPTY",
                 absl::StrCat("LMDB ", directory, " holds no records"),
                 {{"file", file}});
  }
  RETURN_IF_ERROR(reader->Begin());
  return reader;
}

absl::Status LmdbReader::Begin() {
  int code = mdb_env_create(&env_);
  if (code == 0) {
    code = mdb_env_open(env_, directory_.c_str(),
                        MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0444);
  }
  if (code == 0) code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn_);
  MDB_dbi database = 0;
  if (code == 0) code = mdb_dbi_open(txn_, nullptr, 0, &database);
  if (code == 0) code = mdb_cursor_open(txn_, database, &cursor_);
  return code == 0 ? absl::OkStatus() : LmdbError(directory_, code);
}

LmdbReader::~LmdbReader() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  if (txn_ != nullptr) mdb_txn_abort(txn_);
  if (env_ != nullptr) mdb_env_close(env_);
}

absl::StatusOr<LmdbRecord> LmdbReader::Next() {
  MDB_val key;
  MDB_val value;
  int code = MDB_NOTFOUND;
  if (!at_start_) code = mdb_cursor_get(cursor_, &key, &value, MDB_NEXT);
  if (code == MDB_NOTFOUND) {
    code = mdb_cursor_get(cursor_, &key, &value, MDB_FIRST);
  }
  if (code != 0) return LmdbError(directory_, code);
  at_start_ = false;
  return LmdbRecord{
      absl::string_view(static_cast<const char*>(key.mv_data), key.mv_size),
      absl::string_view(static_cast<const char*>(value.mv_data),
                        value.mv_size)};
}

}  // namespace quantd
