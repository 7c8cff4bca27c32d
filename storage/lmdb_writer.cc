#include "storage/lmdb_writer.h"

#include <algorithm>
#include <cerrno>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_system.h"
#include "lmdb.h"

namespace quantd::storage {
namespace {

constexpr int64_t kMaxMapBytes = int64_t{2} << 40;

bool IsFull(const std::string& directory) {
  const auto free = FileSystem::Posix()->FreeBytes(directory);
  return free.ok() && *free < (int64_t{1} << 20);
}

MDB_val ToVal(absl::string_view text) {
  return MDB_val{text.size(), const_cast<char*>(text.data())};
}

absl::string_view ToView(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

}  // namespace

absl::Status LmdbWriter::FromLmdb(int code) const {
  // LMDB's code for a write that was cut short.
  if (code == EIO && IsFull(directory_)) code = ENOSPC;
  const std::string text = mdb_strerror(code);
  const ErrorMetadata metadata = {{"name", directory_}, {"cause", text}};
  switch (code) {
    case MDB_SUCCESS:
      return absl::OkStatus();
    case MDB_KEYEXIST:
      return Error(absl::StatusCode::kInvalidArgument, "DATASET_KEY_ORDER",
                   "records must come with ascending keys, each once",
                   metadata);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case MDB_MAP_FULL:
      return Error(
          absl::StatusCode::kResourceExhausted, "DISK_FULL",
          absl::StrCat("no space for the data set in ", directory_, ": ", text),
          metadata);
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_PAGE_NOTFOUND:
    case MDB_VERSION_MISMATCH:
      return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                   absl::StrCat("the data set in ", directory_,
                                " is damaged: upload it again (", text, ")"),
                   metadata);
    default:
      return Error(absl::StatusCode::kInternal, "IO_ERROR",
                   absl::StrCat("data set in ", directory_, ": ", text),
                   metadata);
  }
}

absl::StatusOr<std::unique_ptr<LmdbWriter>> LmdbWriter::Open(
    const std::string& directory, int64_t map_bytes) {
  MDB_env* env = nullptr;
  int code = mdb_env_create(&env);
  if (code != MDB_SUCCESS) {
    return Error(absl::StatusCode::kInternal, "IO_ERROR", mdb_strerror(code));
  }
  auto writer = absl::WrapUnique(new LmdbWriter(env, directory));
  code = mdb_env_set_mapsize(env, map_bytes);
  if (code == MDB_SUCCESS) {
    code = mdb_env_open(env, directory.c_str(), MDB_NOLOCK | MDB_NOTLS, 0600);
  }
  if (code != MDB_SUCCESS) return writer->FromLmdb(code);
  return writer;
}

LmdbWriter::~LmdbWriter() { mdb_env_close(env_); }

// One transaction; nothing remains of it on an error.
int LmdbWriter::TryAppend(const std::vector<KeyValue>& records) {
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env_, nullptr, 0, &txn);
  if (code != MDB_SUCCESS) return code;
  MDB_dbi dbi = 0;
  code = mdb_dbi_open(txn, nullptr, 0, &dbi);
  for (const auto& [key, value] : records) {
    if (code != MDB_SUCCESS) break;
    MDB_val key_val = ToVal(key);
    MDB_val value_val = ToVal(value);
    code = mdb_put(txn, dbi, &key_val, &value_val, MDB_APPEND);
  }
  if (code != MDB_SUCCESS) {
    mdb_txn_abort(txn);
    return code;
  }
  return mdb_txn_commit(txn);
}

int LmdbWriter::GrowMap() {
  MDB_envinfo info;
  const int code = mdb_env_info(env_, &info);
  if (code != MDB_SUCCESS) return code;
  const auto size = static_cast<int64_t>(info.me_mapsize);
  if (size >= kMaxMapBytes) return MDB_MAP_FULL;
  return mdb_env_set_mapsize(env_, 2 * size);
}

absl::Status LmdbWriter::Append(const std::vector<KeyValue>& records) {
  int code = TryAppend(records);
  while (code == MDB_MAP_FULL) {
    code = GrowMap();
    if (code == MDB_SUCCESS) code = TryAppend(records);
  }
  return FromLmdb(code);
}

absl::Status LmdbWriter::ForEach(
    const std::function<void(absl::string_view, absl::string_view)>& visitor) {
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (code != MDB_SUCCESS) return FromLmdb(code);
  MDB_dbi dbi = 0;
  MDB_cursor* cursor = nullptr;
  code = mdb_dbi_open(txn, nullptr, 0, &dbi);
  if (code == MDB_SUCCESS) code = mdb_cursor_open(txn, dbi, &cursor);
  MDB_val key;
  MDB_val value;
  while (code == MDB_SUCCESS) {
    code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    if (code == MDB_SUCCESS) visitor(ToView(key), ToView(value));
  }
  if (cursor != nullptr) mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  return code == MDB_NOTFOUND ? absl::OkStatus() : FromLmdb(code);
}

}  // namespace quantd::storage
