#include "client/lmdb_records.h"

#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/lmdb_header.h"
#include "lmdb.h"

namespace quantd {
namespace {

constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;

absl::Status Corrupt(const std::string& path, absl::string_view what) {
  return Error(
      kFailed, "LMDB_CORRUPT",
      absl::StrCat(path, ": ", what, "; make the LMDB again, or copy it whole"),
      {{"file", path}});
}

// Size of the regular file `path`, at least 1.
absl::StatusOr<int64_t> DataFileSize(const std::string& path) {
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
  return status.st_size;
}

absl::StatusOr<LmdbHeader> ReadHeader(const std::string& path,
                                      int64_t file_size) {
  std::string bytes(std::min(kLmdbHeaderBytes, file_size), '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(&bytes[0], bytes.size())) {
    return Error(kFailed, "FILE_READ_FAILED",
                 absl::StrCat("cannot read ", path,
                              "; check its permissions and the disk"),
                 {{"file", path}});
  }
  return ParseLmdbHeader(bytes, file_size, path);
}

// Address range at which the kernel mapped `path` into this process; the last
// one, as an LMDB may be open twice.
absl::StatusOr<std::pair<uintptr_t, uintptr_t>> FindMapping(
    const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return Corrupt(path, "it vanished");
  std::pair<uintptr_t, uintptr_t> range{0, 0};
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long long begin, end, inode;
    if (std::sscanf(line.c_str(), "%llx-%llx %*s %*s %*s %llu", &begin, &end,
                    &inode) == 3 &&
        inode == status.st_ino) {
      range = {begin, end};
    }
  }
  if (range.second == 0) return Corrupt(path, "it could not be mapped");
  return range;
}

struct EnvCloser {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};

}  // namespace

LmdbRecords::LmdbRecords(std::string path, MDB_env* env, int64_t num_records,
                         uintptr_t map_begin, uintptr_t map_end)
    : path_(std::move(path)),
      env_(env),
      num_records_(num_records),
      map_begin_(map_begin),
      map_end_(map_end) {}

LmdbRecords::~LmdbRecords() { mdb_env_close(env_); }

absl::StatusOr<std::unique_ptr<LmdbRecords>> LmdbRecords::Open(
    const std::string& path) {
  std::string directory = path;
  if (absl::EndsWith(directory, "/data.mdb")) {
    directory = std::string(absl::StripSuffix(directory, "/data.mdb"));
  }
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  const std::string file = directory + "/data.mdb";
  ASSIGN_OR_RETURN(const int64_t size, DataFileSize(file));
  ASSIGN_OR_RETURN(const LmdbHeader header, ReadHeader(file, size));
  if (header.num_records == 0) {
    return Error(kFailed, "DATASET_EMPTY",
                 absl::StrCat("the LMDB ", directory,
                              " has no records; give one with at least one"),
                 {{"file", file}, {"dataset", directory}});
  }
  MDB_env* raw_env = nullptr;
  if (int rc = mdb_env_create(&raw_env); rc != 0) {
    return Corrupt(file, mdb_strerror(rc));
  }
  std::unique_ptr<MDB_env, EnvCloser> env(raw_env);
  // Map no more than the file: Caffe's LMDBs ask for a terabyte.
  mdb_env_set_mapsize(env.get(), size);
  if (int rc = mdb_env_open(env.get(), directory.c_str(),
                            MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0);
      rc != 0) {
    return Corrupt(file, mdb_strerror(rc));
  }
  ASSIGN_OR_RETURN(const auto range, FindMapping(file));
  return std::unique_ptr<LmdbRecords>(
      new LmdbRecords(directory, env.release(), header.num_records, range.first,
                      range.first + size));
}

absl::Status LmdbRecords::ForEach(int64_t first, int64_t end,
                                  Visitor visitor) const {
  const auto check = [&](int rc) {
    return rc == 0 ? absl::OkStatus()
                   : Corrupt(path_ + "/data.mdb", mdb_strerror(rc));
  };
  const auto inside = [&](const MDB_val& value) {
    const auto begin = reinterpret_cast<uintptr_t>(value.mv_data);
    return begin >= map_begin_ && begin <= map_end_ &&
           value.mv_size <= map_end_ - begin;
  };
  MDB_txn* raw_txn = nullptr;
  RETURN_IF_ERROR(check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &raw_txn)));
  std::unique_ptr<MDB_txn, void (*)(MDB_txn*)> txn(raw_txn, mdb_txn_abort);
  MDB_dbi database;
  RETURN_IF_ERROR(check(mdb_dbi_open(raw_txn, nullptr, 0, &database)));
  MDB_cursor* raw_cursor = nullptr;
  RETURN_IF_ERROR(check(mdb_cursor_open(raw_txn, database, &raw_cursor)));
  std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> cursor(raw_cursor,
                                                            mdb_cursor_close);
  end = std::min(end, num_records_);
  for (int64_t index = 0; index < end; ++index) {
    MDB_val key, value;
    RETURN_IF_ERROR(check(mdb_cursor_get(raw_cursor, &key, &value,
                                         index == 0 ? MDB_FIRST : MDB_NEXT)));
    if (!inside(key) || !inside(value)) {
      return Corrupt(path_ + "/data.mdb",
                     absl::StrCat("record ", index, " lies outside the file"));
    }
    if (index < first) continue;
    RETURN_IF_ERROR(
        visitor({static_cast<const char*>(key.mv_data), key.mv_size},
                {static_cast<const char*>(value.mv_data), value.mv_size}));
  }
  return absl::OkStatus();
}

}  // namespace quantd
